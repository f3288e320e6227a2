"""What a case keeps of the catalogue is read in either language, in the words of its day."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from aftersales.admin.people import reviewers_group
from aftersales.models import Case, Notice, RejectReason, User
from aftersales.notices.delivering import deliver_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def rejected(make_desk: Any) -> Case:
    desk = make_desk("negotiated")
    desk.reject()
    case: Case = desk.case
    return case


@pytest.fixture
def words(rejected: Case) -> tuple[str, str]:
    row = RejectReason.objects.get(code=rejected.events.get(step="reject").details["reason_code"])
    return row.label_zh, row.label_en


def page(client: Client, url: str, language: str) -> str:
    client.cookies.load({"django_language": language})
    with override("zh-hans"):  # what a request sets is set back
        return client.get(url).content.decode()


def test_a_history_answers_in_the_readers_language(rejected: Case, words: tuple[str, str]) -> None:
    event = rejected.events.get(step="reject")
    with override("en"):
        assert event.told["reason"] == words[1] != words[0]
        assert all(each["point"].isascii() for each in event.told["answers"])
    with override("zh-hans"):
        assert event.told["reason"] == words[0]
        assert set(event.told["answers"][0]) == {"point", "text"}


def test_a_change_of_the_catalogue_leaves_an_old_case_its_words(
    rejected: Case, words: tuple[str, str]
) -> None:
    RejectReason.objects.update(label_zh="别的", label_en="Something else")
    with override("en"):
        assert rejected.events.get(step="reject").told["reason"] == words[1]


def test_what_was_kept_before_there_was_english_stays_as_it_is(make_desk: Any) -> None:
    event = make_desk().case.events.get(step="apply")
    event.details = {"reason": "质量问题", "plans": [{"plan": "换货"}]}
    with override("en"):
        assert event.told == event.details


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_of_a_case_shows_them_so(
    language: str,
    rejected: Case,
    words: tuple[str, str],
    client: Client,
    buyer: User,
    merchant: User,
    staff: User,
) -> None:
    staff.groups.set([reviewers_group()])
    here, other = words if language == "zh-hans" else (words[1], words[0])
    doors = [
        (buyer, reverse("buyers:case", args=[rejected.code])),
        (merchant, reverse("merchants:case", args=[rejected.code])),
        (staff, reverse("admin:aftersales_case_change", args=[rejected.pk])),
    ]
    for user, url in doors:
        client.force_login(User.objects.get(pk=user.pk))
        shown = page(client, url, language)
        assert here in shown, url
        assert other not in shown, url


def test_notices_and_the_names_of_proofs_are_kept_in_both(
    rejected: Case, words: tuple[str, str], buyer: User
) -> None:
    deliver_due()
    notice = Notice.objects.get(event=rejected.events.get(step="reject"), user=buyer)
    assert words[0] in notice.text_zh
    assert words[1] in notice.text_en
    for piece in rejected.evidence.all():
        with override("en"):
            assert piece.label.isascii(), piece.label
