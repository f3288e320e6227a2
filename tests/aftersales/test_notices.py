"""通知: who is told of a step, in which words, once, and by e-mail as soon as it can be sent."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from aftersales.enums import Party
from aftersales.models import Case, Event, Notice, User
from aftersales.notices import delivering
from aftersales.notices.delivering import MOST_MAIL_TRIES, SILENT, deliver_due, send_mails
from aftersales.steps import STEPS, Refused
from tests.factories import MemberFactory, OrderFactory

MINUTE = timedelta(minutes=1)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ESCAPED = re.compile(r"&(?:quot|#\w+|amp|lt|gt);")


class Broken(BaseEmailBackend):
    """A mail server that is down, or that takes only some letters."""

    refuses: ClassVar[Callable[[Any], bool]] = staticmethod(lambda message: True)

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if type(self).refuses(message):
                raise ConnectionRefusedError("no mail today")
            mail.outbox.append(message)
        return len(messages)


@pytest.fixture
def broken_mail(settings: Any) -> Iterator[type[Broken]]:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    yield Broken
    Broken.refuses = staticmethod(lambda message: True)


@pytest.fixture
def reachable(buyer: User, merchant: User) -> None:
    """Both sides have an address."""
    User.objects.filter(pk=buyer.pk).update(email="buyer@example.com")
    User.objects.filter(pk=merchant.pk).update(email="merchant@example.com", language="en")


def told_of(case: Case, step: str) -> dict[str, Notice]:
    notices = Notice.objects.filter(case=case, event__step=step).select_related("user")
    return {notice.user.username: notice for notice in notices}


# Who ----------------------------------------------------------------------------------------------


def test_the_other_side_is_told_once_of_every_step(
    make_case: Any, buyer: User, merchant: User, shop: Any
) -> None:
    """One notice for each person and event, however often the queue is worked."""
    colleague = MemberFactory(shop=shop).user
    case = make_case("rejected")
    assert deliver_due() == Event.objects.filter(case=case).count()
    assert deliver_due() == 0
    Event.objects.update(delivered_at=None)  # as if we had died before noting it
    deliver_due()

    pairs = list(Notice.objects.values_list("event", "user"))
    assert len(pairs) == len(set(pairs))
    assert set(told_of(case, "apply")) == {merchant.username, colleague.username}
    assert set(told_of(case, "negotiate")) == {buyer.username}
    assert set(told_of(case, "reject")) == {buyer.username}


def test_nobody_is_told_of_his_own_step(
    make_case: Any, buyer: User, merchant: User, staff: User, now: Any
) -> None:
    """Nor is his side."""
    case = make_case("under_review")
    now.shift(timedelta(days=2))
    case.catch_up()
    case.rule(
        by=staff, ruling="deny", responsible="buyer", grounds="照片显示裂纹是人为损坏造成的。"
    )
    deliver_due()
    for notice in Notice.objects.select_related("event"):
        assert notice.event.user_id != notice.user_id
        assert notice.event.party != notice.party
    assert set(told_of(case, "rule")) == {buyer.username, merchant.username}
    assert set(told_of(case, "close_evidence")) == {buyer.username, merchant.username}


def test_a_reviewer_who_sits_in_the_shop_is_not_told_of_his_own_message(
    make_case: Any, staff: User, shop: Any, buyer: User, merchant: User
) -> None:
    """Told by person, not only by side."""
    MemberFactory(shop=shop, user=staff)
    case = make_case()
    case.send_message(by=staff, text="请双方补充凭证。", as_party="staff")
    deliver_due()
    assert set(told_of(case, "send_message")) == {buyer.username, merchant.username}


def test_who_left_the_shop_is_not_told(make_case: Any, shop: Any, merchant: User) -> None:
    gone = MemberFactory(shop=shop, active=False).user
    locked = MemberFactory(shop=shop).user
    User.objects.filter(pk=locked.pk).update(is_active=False)
    case = make_case()
    deliver_due()
    assert set(told_of(case, "apply")) == {merchant.username}
    assert not Notice.objects.filter(user=gone).exists()


def test_what_changes_nothing_for_anybody_else_is_silent(make_case: Any) -> None:
    case = make_case("checked")
    deliver_due()
    assert "confirm_risks" in SILENT
    assert not told_of(case, "confirm_risks")
    assert not Event.objects.filter(delivered_at=None).exists()


# What ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*sorted(set(STEPS) - SILENT), "apply"])
def test_every_step_is_told_in_both_languages(name: str, make_case: Any) -> None:
    """No quotes as entities, no line breaks, nothing left in the other language."""
    case = make_case()
    case.line.title = 'Mug "Crackle" <300 ml> & lid'
    details = dict.fromkeys(
        ("text", "amount", "grounds", "reason", "statement", "tracking", "carrier"), "five"
    )
    event = Event(case=case, step=name, party=Party.CLOCK, details=details | {"round": 1})
    for party in (Party.BUYER, Party.MERCHANT):
        chinese, english = delivering.text_of(event, party)
        assert CHINESE.search(chinese)
        for text in (chinese, english):
            assert 'Mug "Crackle" <300 ml> & lid' in text
            assert not ESCAPED.search(text)
            assert text == " ".join(text.split())
            assert "{" not in text


@pytest.mark.parametrize("name", [*sorted(set(STEPS) - SILENT), "apply"])
def test_the_english_says_it_in_english(name: str, make_case: Any) -> None:
    case = make_case()
    case.line.title = "Mug"
    event = Event(case=case, step=name, party=Party.CLOCK, details={})
    for party in (Party.BUYER, Party.MERCHANT):
        english = delivering.text_of(event, party)[1]
        assert not CHINESE.search(english), english


def test_an_amount_is_written_as_on_the_pages(
    make_case: Any, merchant: User, buyer: User, shop: Any
) -> None:
    """¥1,128.00, also where it is refused."""
    order = OrderFactory(shop=shop, buyer=buyer, paid=Decimal("1128.00"))
    with pytest.raises(Refused) as refused:
        make_case(order=order, amount=Decimal("1128.01"))
    assert refused.value.sentence == "退款金额需在 0.01 到 1,128.00 之间"
    case = make_case(order=order, amount=Decimal("1128.00"))

    case.agree(by=merchant)

    text, _english = delivering.text_of(case.events.get(step="agree"), Party.BUYER)
    assert "退款，¥1,128.00 将原路退回" in text


def test_words_are_kept_as_they_were_said(make_case: Any, buyer: User) -> None:
    """NEG-14: a message is shown verbatim, quotes and brackets included."""
    case = make_case()
    case.send_message(by=buyer, text='他说 "没问题" <b>& 发货</b>')
    deliver_due()
    for notice in told_of(case, "send_message").values():
        assert '他说 "没问题" <b>& 发货</b>' in notice.text_zh
        assert '他说 "没问题" <b>& 发货</b>' in notice.text_en


def test_one_text_that_breaks_does_not_stop_the_rest(
    make_case: Any, settings: Any, tmp_path: Path
) -> None:
    """Whoever is to be told is told in general words; the others as ever."""
    broken, whole = make_case("waiting"), make_case()
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "negotiate.txt").write_text("{% include nothing %}")
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path, *engine["DIRS"]]}]

    deliver_due()

    assert told_of(whole, "apply")
    notice = told_of(broken, "negotiate")["linshu"]
    assert notice.text_zh == "“青瓷开片手冲咖啡杯”的售后有更新：发起协商"
    assert not Event.objects.filter(delivered_at=None).exists()


# E-mail -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("reachable")
def test_a_notice_is_mailed_once_in_the_readers_language(make_case: Any) -> None:
    case = make_case("waiting")
    deliver_due()
    assert send_mails() == 2
    assert send_mails() == 0
    by_reader = {message.to[0]: message for message in mail.outbox}
    assert set(by_reader) == {"buyer@example.com", "merchant@example.com"}
    buyers, merchants = by_reader["buyer@example.com"], by_reader["merchant@example.com"]
    assert buyers.subject == f"售后单 {case.code} 有更新"
    assert buyers.body.startswith("“青瓷开片手冲咖啡杯”的商家发来第 1 轮协商：")
    assert case.code in merchants.subject
    assert merchants.body == told_of(case, "apply")["xiaochen"].text_en
    notice = told_of(case, "negotiate")["linshu"]
    assert (notice.mail_due_at, notice.mailed_at, notice.mail_tries) == (None, notice.at, 1)
    assert buyers.extra_headers["Message-ID"].startswith(f"<notice-{notice.pk}@")


def test_who_has_no_address_reads_it_in_the_app(make_case: Any) -> None:
    make_case()
    deliver_due()
    assert send_mails() == 0
    assert not Notice.objects.exclude(mail_due_at=None).exists()


@pytest.mark.usefixtures("reachable", "broken_mail")
def test_a_mail_server_that_is_down_is_tried_again(make_case: Any, now: Any, settings: Any) -> None:
    """After two minutes, four, eight …; the notice in the app is there all the while."""
    make_case()
    deliver_due()
    for tries in (1, 2, 3):
        assert send_mails() == 0
        assert send_mails() == 0
        notice = Notice.objects.exclude(mail_due_at=None).get()
        assert (notice.mail_tries, notice.mail_due_at - delivering.clock.now()) == (
            tries,
            2**tries * MINUTE,
        )
        now.shift(2**tries * MINUTE)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_mails() == 1
    assert len(mail.outbox) == 1
    assert not Notice.objects.exclude(mail_due_at=None).exists()


@pytest.mark.usefixtures("reachable", "broken_mail")
def test_a_letter_that_never_goes_out_is_given_up(make_case: Any, now: Any) -> None:
    make_case()
    deliver_due()
    for _number in range(MOST_MAIL_TRIES + 3):
        send_mails()
        now.shift(timedelta(days=1))
    notice = Notice.objects.get()
    assert (notice.mail_tries, notice.mail_due_at, notice.mailed_at) == (
        MOST_MAIL_TRIES,
        None,
        None,
    )


@pytest.mark.usefixtures("reachable")
def test_one_letter_that_is_refused_does_not_stop_the_rest(
    make_case: Any, broken_mail: type[Broken]
) -> None:
    broken_mail.refuses = staticmethod(lambda message: message.to == ["merchant@example.com"])
    make_case("waiting")
    deliver_due()
    assert send_mails() == 1
    assert [message.to for message in mail.outbox] == [["buyer@example.com"]]
