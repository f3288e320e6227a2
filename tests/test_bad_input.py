"""R5: every row of the table of bad input (security.md §7), by the test that proves it, or one here."""

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.urls import reverse

from aftersales.forms import MoneyField
from aftersales.models import Case, Message, User

# The ids of a line are proven by its test; ``—`` says why a row has nothing to be proven with.
PROVEN = """
U1 U2 U3 U4 U5 U6 U7 U8 U9 U10 U15 U16 U17 U18 U19 U20  tests/aftersales/test_corpus.py::test_nothing_harmful_is_kept_or_served
U11 U12 U13 U14  tests/aftersales/test_corpus.py::test_a_name_is_shown_and_never_believed
U21  tests/aftersales/imports/test_reading.py::test_a_zip_of_a_million_entries_is_not_unpacked
U22  tests/aftersales/imports/test_reading.py::test_a_hostile_workbook_ends_in_a_sentence
U23  tests/aftersales/test_antivirus.py::test_what_clamd_knows_is_refused_and_logged
U24  tests/aftersales/test_corpus.py::test_the_same_file_again_is_the_upload_it_was
U25  tests/test_bad_requests.py::test_a_body_that_is_none_is_a_400
U26  tests/test_bad_requests.py::test_files_have_no_address_but_their_own
C1  tests/merchants/test_exports.py::test_no_cell_is_a_formula
C2  tests/aftersales/imports/test_reading.py::test_other_encodings_are_refused_and_never_guessed
C3  tests/aftersales/imports/test_reading.py::test_a_quote_that_is_not_closed_swallows_no_row_in_silence
C4  tests/aftersales/imports/test_values.py::test_what_only_looks_like_money_is_refused
C5  tests/aftersales/imports/test_values.py::test_an_order_number_in_scientific_notation_is_refused_with_the_reason
C6  tests/aftersales/imports/test_values.py::test_what_is_no_phone_number_is_refused
C7  tests/aftersales/imports/test_values.py::test_a_time_that_is_no_time_in_china_is_refused
C8  tests/aftersales/imports/test_again.py::test_another_shops_order_of_the_same_number_is_never_touched
C9  tests/aftersales/imports/test_pages.py::test_what_a_file_says_is_shown_and_never_run
C10  tests/aftersales/imports/test_reading.py::test_more_rows_than_we_take_end_in_a_sentence
N1  tests/test_bad_input.py::test_an_amount_is_digits_with_two_places
N2  tests/aftersales/test_amounts.py::test_whatever_was_refunded_before_the_rest_never_exceeds_what_was_paid
N3  tests/test_bad_input.py::test_a_field_that_no_form_has_changes_nothing
N4  tests/buyers/test_applying_guards.py::test_what_is_forged_or_wrong_is_refused_at_the_form
N5  tests/buyers/test_applying_guards.py::test_a_demand_that_is_not_open_is_refused_however_it_is_sent
N6 N7  tests/test_bad_input.py::test_a_list_takes_whatever_stands_in_its_address
N8  tests/rights/test_rights.py::test_everybody_finds_what_the_table_says
N9  tests/test_bad_input.py::test_of_a_value_sent_twice_the_last_counts
N10  — there is no JSON interface
N11  tests/test_bad_requests.py::test_too_many_fields_are_too_much
X1  tests/rights/test_payloads.py::test_markup_is_shown_as_text
X2  tests/aftersales/test_wording.py::test_neg_13_what_can_not_be_filled_is_named
X3  tests/test_bad_requests.py::test_a_line_break_ends_no_header
X4 X5 X6  tests/test_bad_input.py::test_what_cannot_be_seen_is_in_no_text
X7  tests/aftersales/test_wording.py::test_neg_13_a_phone_number_is_found_as_it_was_written
X8  tests/test_bad_input.py::test_an_address_in_a_message_is_text
H1  tests/shared/test_error_pages.py::test_a_conflict_is_a_409_with_the_form
H2  tests/merchants/test_agreeing.py::test_a_double_click_agrees_once
H3  tests/test_bad_input.py::test_the_same_click_with_other_words_is_the_first_click
H4  tests/aftersales/negotiation/test_waiting.py::test_a_forged_rejection_changes_nothing_and_is_logged
H5 H6 H20  tests/rights/test_rights.py::test_everybody_finds_what_the_table_says
H7  tests/test_bad_requests.py::test_next_leads_nowhere_else
H8  tests/test_bad_requests.py::test_another_host_is_nobody
H9  tests/aftersales/test_errors.py::test_a_page_left_open_for_too_long_says_what_to_do
H10  tests/rights/test_rights.py::test_everybody_finds_what_the_table_says
H11  tests/test_bad_requests.py::test_no_other_site_frames_or_reads_us
H12  tests/test_bad_requests.py::test_a_session_ends_with_what_it_stood_on
H13 H14  tests/test_bad_requests.py::test_nobody_learns_whether_an_account_is_there
H15  tests/test_bad_input.py::test_so_many_messages_and_no_more
H16 H17 H18  — there are no outgoing webhooks
H19  tests/aftersales/test_seen_nowhere.py::test_no_page_of_the_shop_or_the_platform_shows_them
H21  tests/test_bad_requests.py::test_two_accounts_are_not_called_alike
H22  tests/test_bad_requests.py::test_headers_of_any_kind_are_borne
H23  tests/rights/test_rights.py::test_everybody_finds_what_the_table_says
H24  tests/shared/test_error_pages.py::test_each_error_says_what_it_is
"""
TABLE = {"U": 26, "C": 10, "N": 11, "X": 8, "H": 24}
ROOT = Path(__file__).resolve().parent.parent


def test_every_row_of_the_table_is_proven() -> None:
    known = set()
    for line in PROVEN.strip().splitlines():
        ids, _gap, proof = line.partition("  ")
        known |= set(ids.split())
        path, _colons, name = proof.partition("::")
        assert proof.startswith("—") or f"def {name or 'test_'}" in (ROOT / path).read_text(), proof
    assert known == {f"{letter}{n}" for letter, most in TABLE.items() for n in range(1, most + 1)}


def test_an_amount_is_digits_with_two_places(db: None) -> None:
    """N1: what only a computer takes for a number is refused; full-width digits are understood."""
    field = MoneyField()
    for text in (
        "1e5",
        "1E300000",
        "NaN",
        "Infinity",
        "-Inf",
        "0x10",
        "1_000",
        "٣",
        "²",
        "1/2",
        "9" * 400,
        "0.005",
        "--1",
        "1.2.3",
        "十",
    ):
        with pytest.raises(forms.ValidationError):
            field.clean(text)
    for text, amount in (
        ("１２３", "123"),  # noqa: RUF001
        ("¥1,234.50", "1234.50"),
        (" 45 ", "45"),
        ("．5", "0.5"),
    ):
        assert str(field.clean(text)) == amount


def test_a_field_that_no_form_has_changes_nothing(
    at: Any, make_case: Any, merchant: User, buyer: User
) -> None:
    """N3: price, state, owner and rights are no one's to send."""
    case: Case = make_case()
    extra = {
        "amount": "0.01",
        "status": "refunded",
        "buyer": merchant.pk,
        "shop": "2",
        "is_staff": "1",
        "due_at": "2099-01-01",
        "party": "staff",
        "as_party": "staff",
    }
    at(buyer).post(
        reverse("buyers:send_message", args=[case.code]),
        {"text": "你好", "key": "k1", "version": case.version} | extra,
    )
    at(buyer).post(
        reverse("prefs"), {"language": "zh-hans", "is_staff": "1", "is_superuser": "1"} | extra
    )
    fresh, user = Case.objects.get(pk=case.pk), User.objects.get(pk=buyer.pk)
    for name in ("amount", "status", "buyer_id", "shop_id", "due_at"):
        assert getattr(fresh, name) == getattr(case, name), name
    assert not user.is_staff
    assert not user.is_superuser
    assert {message.party for message in Message.objects.all()} == {"buyer"}


LISTS = (
    "merchants:queue",
    "merchants:orders",
    "merchants:jobs",
    "buyers:orders",
    "buyers:cases",
    "notices",
)
ADDRESSES = (
    "page=0",
    "page=-1",
    "page=abc",
    f"page={10**30}",
    "order=password",
    "buyer__password__startswith=a",
    "tab=x&least=NaN&most=1e9",
    "q=%00",
    "q=%25_%5C",
    f"q={'x' * 9000}",
    "q=((((((a+)+)+)+$",
    "q=' OR 1=1--",
    "since=2026-02-30&until=x",
)


def test_a_list_takes_whatever_stands_in_its_address(
    at: Any, make_case: Any, merchant: User
) -> None:
    """N6, N7: it shows a list, without asking the database for what the address names."""
    make_case()
    web = at(merchant)
    for name in LISTS:
        for query in ADDRESSES:
            answer = web.get(f"{reverse(name)}?{query}")
            assert answer.status_code in (200, 302, 404), (name, query, answer.status_code)


def test_of_a_value_sent_twice_the_last_counts(at: Any, make_case: Any, buyer: User) -> None:
    """N9: and a list where one value belongs is no value."""
    case = make_case()
    url, web = reverse("buyers:send_message", args=[case.code]), at(buyer)
    web.post(url, {"text": ["第一句", "第二句"], "key": "k1"})
    answer = web.post(url, {"text[]": "第三句", "key": "k2"})
    assert [message.text for message in Message.objects.all()] == ["第二句"]
    assert answer.status_code == 422


def test_what_cannot_be_seen_is_in_no_text(at: Any, make_case: Any, buyer: User) -> None:
    """X4 to X6: NUL, controls, marks of direction and zero width; nothing but these is nothing."""
    case = make_case()
    url, web = reverse("buyers:send_message", args=[case.code]), at(buyer)
    for number, (text, kept) in enumerate(
        (
            ("\u200b", None),
            (" \u200e\ufeff ", None),
            ("\x00", None),
            ("杯\u202e子\x00\x85裂\u2066了", "杯子裂了"),
            ("家👨\u200d👩\u200d👧 𠀀 e\u0301", "家👨\u200d👩\u200d👧 𠀀 e\u0301"),
            ("一" * 500, "一" * 500),
            ("一" * 501, None),
            ("x" * 1_000_000, None),
        )
    ):
        Message.objects.all().delete()
        answer = web.post(url, {"text": text, "key": f"\x00k{number}"})
        said = [message.text for message in Message.objects.all()]
        assert said == ([kept] if kept else []), repr(text)[:40]
        assert answer.status_code == (302 if kept else 422)
    assert web.get("/my/cases/AS\u202e1/").status_code == 404
    assert web.get("/my/cases/%00/").status_code == 404


def test_an_address_in_a_message_is_text(at: Any, make_case: Any, buyer: User) -> None:
    """X8: nobody is one click away from it, and nothing fetches it."""
    case, web = make_case(), at(buyer)
    url = reverse("buyers:send_message", args=[case.code])
    web.post(url, {"text": "请看 https://evil.example/pay", "key": "k1"})
    page = web.get(url).text
    assert "https://evil.example/pay" in page
    assert not re.search(r'(href|src)="[^"]*evil\.example', page)


def test_the_same_click_with_other_words_is_the_first_click(
    at: Any, make_case: Any, buyer: User
) -> None:
    """H3: a key is one effect, whatever is sent with it the second time."""
    case, web = make_case(), at(buyer)
    url = reverse("buyers:send_message", args=[case.code])
    web.post(url, {"text": "第一次", "key": "same"})
    web.post(url, {"text": "第二次", "key": "same"})
    assert [message.text for message in Message.objects.all()] == ["第一次"]


def test_so_many_messages_and_no_more(at: Any, make_case: Any, buyer: User) -> None:
    """H15: a person is told to wait, and what he typed is kept."""
    case, web = make_case(), at(buyer)
    url = reverse("buyers:send_message", args=[case.code])
    answers = [web.post(url, {"text": f"第{n}句", "key": f"k{n}"}).status_code for n in range(21)]
    assert answers[0] == 302
    assert answers[-1] in (409, 422, 429)
