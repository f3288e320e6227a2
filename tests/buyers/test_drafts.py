"""草稿 of the buyer: his answers, pictures and applications are there again."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from aftersales.models import Draft
from tests.factories import OrderFactory, upload

LONG = "照片里看不到裂纹，麻烦在自然光下再拍一张杯口的近照，谢谢。"


@pytest.fixture
def phone(at_phone):
    return at_phone.client


@pytest.mark.parametrize(
    ("trait", "name", "field"),
    [
        ("waiting", "reply", "text"),
        ("", "send_message", "text"),
        ("rejected", "add_evidence", "text"),
        ("rejected", "ask_platform", "reason"),
    ],
)
def test_the_buyers_words_and_pictures_come_back(
    make_case, buyer, phone, text_of, trait, name, field
):
    case, photo = make_case(trait), upload(buyer)
    path = reverse(f"buyers:{name}", args=[case.code])
    slot = next(
        each.name for each in phone.get(path).context["form"] if each.name.startswith("proof_")
    )

    phone.post(path, {"draft": "auto", field: LONG, f"{slot}_kept": photo.token})

    page = text_of(phone.get(path))
    assert LONG in page
    assert photo.token in page
    assert "继续填写" in text_of(phone.get(reverse("buyers:case", args=[case.code])))


def test_an_application_is_kept_for_each_demand(shop, buyer, phone, text_of):
    order = OrderFactory(shop=shop, buyer=buyer)
    photo = upload(buyer)

    def path(kind):
        return reverse("buyers:apply_form", args=[shop.code, order.number, 1, kind])

    phone.post(
        path("refund_received"),
        {"draft": "auto", "reason": "R1", "description": LONG, "proof_detail_kept": photo.token},
    )

    assert LONG in text_of(phone.get(path("refund_received")))
    assert photo.token in text_of(phone.get(path("refund_received")))
    assert LONG not in text_of(phone.get(path("return_refund")))


def test_a_review_submits_only_what_it_shows(shop, buyer, phone, text_of):
    """Typed on in another tab: the summary is shown again before anything is submitted."""
    order = OrderFactory(shop=shop, buyer=buyer, unshipped=True)
    base = [shop.code, order.number, 1, "refund_unshipped"]
    given = {"reason": "U1", "quantity": 2, "key": "a", "description": ""}
    phone.post(reverse("buyers:apply_form", args=base), given)
    review = phone.get(reverse("buyers:review", args=base))
    seen, key = review.context["seen"], review.context["key"]
    Draft.objects.update(updated_at=Draft.objects.get().updated_at + timedelta(minutes=1))

    answer = phone.post(
        reverse("buyers:review", args=base),
        {"agreement": review.context["version"], "agreed": "1", "key": key, "seen": seen},
    )

    assert answer.status_code == 409
    page = text_of(answer)
    assert (
        page.count("申请内容刚刚有改动，请核对后再提交") == 1
    )  # not at the tick, which is as it should be
    assert 'aria-invalid="true"' not in page
    assert not order.cases.exists()


def test_a_staged_file_belongs_to_who_staged_it(make_case, phone, merchant, text_of):
    """A draft brings back no token of somebody else."""
    case, foreign = make_case(), upload(merchant)
    path = reverse("buyers:send_message", args=[case.code])

    phone.post(path, {"draft": "auto", "text": LONG, "proof_chat_kept": foreign.token})

    assert foreign.token not in text_of(phone.get(path))


def test_who_has_to_sign_in_again_reads_there_that_nothing_is_lost(
    make_case, phone, text_of, settings
):
    case = make_case()
    path = reverse("buyers:send_message", args=[case.code])
    user = phone.get(path).context["user"]
    phone.logout()

    answer = phone.post(path, {"by": user.pk, "text": LONG}, follow=True)

    assert str(settings.LOGIN_URL) in answer.redirect_chain[0][0]
    assert "登录已过期，内容已暂存，重新登录后恢复" in text_of(answer)
    phone.force_login(user)
    assert LONG in text_of(phone.get(path))


def test_without_script_a_file_that_is_not_taken_is_named_before_anything_is_sent(
    shop, buyer, phone, text_of
):
    """更新下面的内容 gives the form back without it, and complains of nothing else."""
    order = OrderFactory(shop=shop, buyer=buyer)
    path = reverse("buyers:apply_form", args=[shop.code, order.number, 1, "refund_received"])
    note = SimpleUploadedFile("说明.txt", b"no picture")

    answer = phone.post(path, {"reason": "R1", "refresh": "1", "proof_close": note})

    assert answer.status_code == 422
    page = text_of(answer)
    assert "说明.txt 不是 JPG" in page
    assert "请上传" not in page
