"""409: the page says what happened since it was opened, and what was typed is still there."""

import pytest
from django.urls import reverse

from aftersales.enums import Status
from aftersales.models import Draft
from tests.factories import MemberFactory, upload

LONG = "照片里看不到裂纹，麻烦在自然光下再拍一张杯口的近照，谢谢。"


@pytest.fixture
def colleague(shop):
    return MemberFactory(shop=shop, user__username="xiaoli", user__nick="小李").user


def test_a_stale_page_says_who_did_what_and_offers_to_send_again(
    make_case, at_desk, colleague, merchant, text_of
):
    """Sent again with the version that the answer carries, it is taken."""
    case, photo = make_case("refused_goods", type="return_refund"), upload(merchant)
    seen = case.version
    case.send_message(by=colleague, text="您好")
    typed = {"reason": LONG, "proof_platform_kept": photo.token}

    answer = at_desk.send("ask_platform", case, version=seen, **typed)
    page = text_of(answer)

    assert answer.status_code == 409
    assert "</time> <b>小李</b> 发送消息" in page
    assert "核对后可以再次提交" in page
    assert LONG in page
    assert photo.token in page
    assert f'name="version" value="{case.version}"' in page
    assert at_desk.send("ask_platform", case, **typed).status_code == 302
    assert case.status == Status.PLATFORM_REVIEW


def test_who_is_too_late_reads_it_and_keeps_his_words(
    make_case, at_desk, colleague, merchant, text_of
):
    """小李 has agreed meanwhile: nothing can be sent, nothing is lost."""
    case, photo = make_case("checked"), upload(merchant)
    seen = case.version
    case.agree(by=colleague)

    answer = at_desk.send("negotiate", case, version=seen, text=LONG, proof_round_kept=photo.token)
    page = text_of(answer)

    assert answer.status_code == 409
    assert "<b>小李</b> 同意退款" in page
    assert "现在：退款中" in page
    assert "现在不能再提交；你填写的内容没有丢，已存为草稿。" in page
    assert LONG in page
    assert photo.token in page
    assert Draft.objects.get(user=merchant).data["proof_round_kept"] == [photo.token]
    assert case.status == Status.REFUNDING


def test_two_who_write_the_same_round(make_case, make_desk, at_desk, colleague, text_of):
    """The second is led to the wait, and told by whom; what he wrote is his draft."""
    desk = make_desk("checked")
    seen = desk.case.version
    desk.negotiate()

    answer = at_desk.send("negotiate", desk.case, version=seen, text=LONG)

    assert answer.status_code == 409
    assert "请耐心等待消费者回复" in text_of(answer)
    assert "发起协商" in text_of(answer)
    assert Draft.objects.get().data["text"] == [LONG]


def test_a_part_of_a_page_is_told_above_the_form(make_case, at_desk, colleague, merchant, text_of):
    """For htmx: the form is not touched, a note stands above it."""
    case = make_case("checked")
    path = reverse("merchants:negotiate", args=[case.code])
    seen = case.version
    case.agree(by=colleague)

    part = at_desk.client.post(
        path, {"refresh": "1", "version": seen, "text": LONG}, headers={"HX-Request": "true"}
    )

    assert part.status_code == 409
    assert part["HX-Retarget"] == "#stale"
    assert "<b>小李</b> 同意退款" in text_of(part)
    assert "<form" not in text_of(part)
    assert 'id="stale"' in text_of(at_desk.look("case", case))
    assert Draft.objects.get(user=merchant).data["text"] == [LONG]


def test_a_typed_answer_to_a_step_that_is_over_is_shown(make_case, at_desk, colleague, text_of):
    """Its form stays, without its button."""
    case = make_case("rejected")
    seen = case.version
    case.agree(by=colleague)

    page = text_of(at_desk.send("ask_platform", case, version=seen, reason=LONG))

    assert "<b>小李</b> 同意退款" in page
    assert LONG in page
    assert 'class="btn btn-primary">' not in page.split('id="panel"')[1].split("</section>")[0]
