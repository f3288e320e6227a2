"""卷宗: who gets what, in which language, and what is not in it."""

import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from aftersales import uploads
from aftersales.dossier.views import MOST
from aftersales.models import (
    Appeal,
    Case,
    CaseRequest,
    Complaint,
    DossierCopy,
    Plan,
    Supplement,
    Suspension,
    User,
)
from aftersales.models.case.receiving import Arrived
from aftersales.models.conversation import Conversation
from tests.aftersales.dossier.conftest import address, unpacked, words
from tests.aftersales.negotiation.talk import plan, script
from tests.factories import Desk, OrderFactory, application_for, picture, upload


def test_the_buyer_reads_everything_in_a_pdf_whose_chinese_can_be_selected(
    told: Desk, download: Callable[..., bytes]
) -> None:
    case = told.case
    text = words(download(told.buyer, "buyers", case, "pdf"))
    events = list(case.events.all())
    rejected = case.events.get(step="reject").details
    for expected in (
        case.code,
        case.chain,
        "林溪树",  # himself, in full
        "13812345678",
        "青瓷开片手冲咖啡杯",
        "¥128.00",
        "微信支付",
        case.description,
        rejected["statement"],
        "杯口的裂纹 #strong[很] 清楚 [GRINNING FACE]",
        "商家驳回没有道理",
        "D15",
        "协商等待买家回复",
        "驳回前协商轮数",
        *(event.hash for event in events),
        *(row.text[:12] for row in case.rounds.all()),
    ):
        assert expected in text, expected


def test_the_font_is_embedded_as_a_subset(told: Desk, download: Callable[..., bytes]) -> None:
    paper = download(told.buyer, "buyers", told.case, "pdf")
    page: Any = PdfReader(io.BytesIO(paper)).pages[0]
    [font] = page["/Resources"]["/Font"].values()
    kind = font.get_object()
    assert kind["/BaseFont"].split("+")[1].startswith("NotoSansSC")
    assert "/ToUnicode" in kind
    inner = kind["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
    assert len(inner["/FontFile3"].get_object().get_data()) < 500_000  # the whole one has 8 MB


def test_each_side_finds_the_other_sides_personal_data_masked(
    make_desk: Callable[..., Desk], merchant: User, staff: User, download: Callable[..., bytes]
) -> None:
    case = make_desk("agreed", type="return_refund").case
    buyers = words(download(case.buyer, "buyers", case, "pdf"))
    shops = words(download(merchant, "merchants", case, "pdf"))
    platforms = words(download(staff, "admin", case, "pdf"))
    of_the_buyer = ("林溪树", "13812345678", "余杭区")
    of_the_shop = ("陈仓", "0571-88880000", "小陈")
    assert all(each in buyers for each in of_the_buyer)
    assert not [each for each in of_the_shop if each in buyers]
    assert "浙江省杭州市西湖区" in buyers  # where to send it he must know
    assert all(each in shops for each in of_the_shop)
    assert not [each for each in of_the_buyer if each in shops]
    assert "林**树" in shops
    assert all(each in platforms for each in of_the_buyer + of_the_shop)


def test_the_references_of_payments_are_masked(told: Desk, download: Callable[..., bytes]) -> None:
    payment = told.case.order.payments.get()
    payment.reference = "4200001234567890123"
    payment.save()
    text = words(download(told.buyer, "buyers", told.case, "pdf"))
    assert payment.reference not in text
    assert "42…0123" in text


def test_it_speaks_the_readers_language(told: Desk, download: Callable[..., bytes]) -> None:
    paper = download(told.buyer, "buyers", told.case, "pdf", accept_language="en")
    text = words(paper)
    assert "Aftersales dossier" in text
    assert "杯口的裂纹" in text  # what people said stays as it was said


def test_the_zip_holds_the_files_and_the_chain(told: Desk, download: Callable[..., bytes]) -> None:
    files = unpacked(download(told.buyer, "buyers", told.case, "zip"))
    manifest = json.loads(files["manifest.json"])
    assert (manifest["format"], manifest["version"]) == ("aftersales-dossier", 1)
    assert (manifest["case"], manifest["chain"]) == (told.case.code, told.case.chain)
    assert {each["path"] for each in manifest["files"]} == files.keys() - {"manifest.json"}
    links = json.loads(files["events.json"])
    assert [each["hash"] for each in links] == [each.hash for each in told.case.events.all()]
    hashes = {each.upload.sha256 for each in told.case.evidence.all()}
    listed = {each["sha256"] for each in manifest["files"] if each["path"].startswith("evidence/")}
    assert listed == hashes


def test_what_the_shop_did_for_itself_is_sealed_for_the_buyer(
    told: Desk, download: Callable[..., bytes]
) -> None:
    """Its hash keeps the chain whole; its content is not there."""
    of_the_buyer = unpacked(download(told.buyer, "buyers", told.case, "zip"))
    of_the_shop = unpacked(download(told.merchant, "merchants", told.case, "zip"))
    seen = {
        name: {each["version"]: each for each in json.loads(files["events.json"])}
        for name, files in (("buyer", of_the_buyer), ("shop", of_the_shop))
    }
    checked = told.case.events.get(step="confirm_risks")
    assert seen["buyer"][checked.version].keys() == {"version", "sealed", "hash"}
    assert seen["shop"][checked.version]["details"] == checked.details
    warned = [each["facts"] for each in told.case.prechecks.last().warnings]
    assert warned
    assert not [each for each in warned if each in of_the_buyer["dossier.json"].decode()]


def test_evidence_of_the_other_side_waits_for_the_end_of_the_window(
    told: Desk, now: Any, download: Callable[..., bytes]
) -> None:
    """§1.6: while the evidence window is open its content is in no dossier of the other side."""
    filed = uploads.keep(picture("packing.jpg"), told.merchant)
    told.case.add_evidence(
        by=told.merchant, evidence={"added": [filed]}, text="见打包视频", as_party="merchant"
    )
    event = told.case.events.get(step="add_evidence")

    def dossier(user: User, side: str) -> tuple[set[str], dict[str, Any]]:
        files = unpacked(download(user, side, told.case, "zip"))
        link = json.loads(files["events.json"])[event.version - 1]
        manifest = json.loads(files["manifest.json"])
        return {str(each.get("event")) for each in manifest["files"]}, link

    with_it = str(event.version)
    files, link = dossier(told.buyer, "buyers")
    assert with_it not in files
    assert link.keys() == {"version", "sealed", "hash"}
    assert filed.sha256 not in words(download(told.buyer, "buyers", told.case, "pdf"))
    files, link = dossier(told.merchant, "merchants")
    assert with_it in files
    assert "details" in link
    now.shift(timedelta(hours=48))
    files, link = dossier(told.buyer, "buyers")
    assert with_it in files
    assert link["details"]["evidence"][0]["sha256"] == filed.sha256


def test_rulings_refunds_and_complaints_are_in_it(
    told: Desk, staff: User, now: Any, download: Callable[..., bytes]
) -> None:
    now.shift(timedelta(hours=48))
    case = told.case
    case.catch_up()
    case.rule(
        by=staff,
        ruling="full_refund",
        responsible="merchant",
        grounds="照片显示裂纹在签收前已存在。",
    )
    case.record_complaint(
        by=told.buyer,
        channel=Complaint.Channel.HOTLINE_12315,
        filed_on=case.at.date(),
        number="1330000000001",
    )
    text = words(download(told.buyer, "buyers", case, "pdf"))
    for expected in (
        "全额退款，无需退货",
        "照片显示裂纹在签收前已存在。",
        case.refunds.get().number,
        "1330000000001",
    ):
        assert expected in text, expected


def test_each_copy_is_noted(told: Desk, download: Callable[..., bytes]) -> None:
    archive = download(told.buyer, "buyers", told.case, "zip")
    [copy] = DossierCopy.objects.all()
    assert (copy.case, copy.user, copy.party, copy.form) == (told.case, told.buyer, "buyer", "zip")
    assert copy.sha256 == json.loads(unpacked(archive)["manifest.json"])["sha256"]
    assert (copy.version, copy.chain) == (told.case.version, told.case.chain)


def test_nobody_downloads_without_end(
    told: Desk, now: Any, client: Client, download: Callable[..., bytes]
) -> None:
    download(told.buyer, "buyers", told.case, "pdf")
    copy = DossierCopy.objects.get()
    for _ in range(MOST - 1):
        copy.pk = None
        copy.save()
    assert client.get(address("buyers", told.case, "pdf")).status_code == 429
    now.shift(timedelta(hours=1))
    assert download(told.buyer, "buyers", told.case, "pdf")


@pytest.mark.parametrize("form", ["pdf", "zip"])
@pytest.mark.parametrize("side", ["buyers", "merchants", "admin"])
def test_a_strangers_case_has_no_dossier(
    told: Desk, stranger: User, client: Client, side: str, form: str
) -> None:
    client.force_login(stranger)
    answer = client.get(address(side, told.case, form))
    assert answer.status_code == (302 if side == "admin" else 404)  # the admin asks to sign in
    assert not DossierCopy.objects.exists()


def test_staff_without_the_right_to_rule_get_none(told: Desk, staff: User, client: Client) -> None:
    staff.user_permissions.filter(codename="rule").delete()
    staff.user_permissions.remove(*staff.user_permissions.filter(codename="rule"))
    client.force_login(staff)
    assert client.get(address("admin", told.case, "pdf")).status_code == 404


def test_the_pages_of_all_three_offer_it(told: Desk, staff: User, client: Client) -> None:
    case = told.case
    for user, page, side in (
        (told.buyer, f"/my/cases/{case.code}/", "buyers"),
        (told.buyer, f"/my/cases/{case.code}/record/", "buyers"),
        (told.merchant, f"/merchant/cases/{case.code}/", "merchants"),
        (staff, f"/admin/aftersales/case/{case.pk}/change/", "admin"),
    ):
        client.force_login(user)
        shown = client.get(page).content.decode()
        for form in ("pdf", "zip"):
            assert address(side, case, form) in shown, (page, form)


def test_after_the_end_it_has_a_card_of_its_own(
    make_desk: Callable[..., Desk], client: Client
) -> None:
    desk = make_desk("", type="refund_received")
    client.force_login(desk.buyer)
    page = f"/my/cases/{desk.case.code}/"
    card = "投诉、起诉时可以一起提交"
    assert card not in client.get(page).content.decode()
    desk.case.cancel(by=desk.buyer)
    assert card in client.get(page).content.decode()


def test_appeals_supplements_and_requests_are_in_it(
    told: Desk, staff: User, now: Any, download: Callable[..., bytes]
) -> None:
    """§1.6: what happened between the asking and the end of it."""
    case, asked = told.case, told.case.last_intervention
    Supplement.objects.create(
        case=case, intervention=asked, of="buyer", what="请补拍杯底", at=case.at, due_at=case.at
    )
    Suspension.objects.create(
        case=case, because="settling", note="双方来电同意", at=case.at, until=case.at
    )
    Appeal.objects.create(
        case=case,
        intervention=asked,
        party="buyer",
        reason="判定没有看检测报告",
        at=case.at,
        decide_by=case.at,
    )
    CaseRequest.objects.create(
        case=case,
        kind="evidence",
        party="merchant",
        user=told.merchant,
        text="请补两张近照",
        at=case.at,
        due_at=case.at,
    )
    text = words(download(told.buyer, "buyers", case, "pdf"))
    for expected in ("请补拍杯底", "双方来电同意", "判定没有看检测报告", "请补两张近照"):
        assert expected in text, expected


def test_pictures_of_the_conversation_are_in_it(told: Desk, download: Callable[..., bytes]) -> None:
    shown = uploads.keep(picture("chat.jpg"), told.buyer)
    number = len(told.case.thread())
    told.case.thread()[-1].uploads.add(shown)
    files = unpacked(download(told.buyer, "buyers", told.case, "zip"))
    assert hashlib.sha256(files[f"messages/M{number}-1.jpg"]).hexdigest() == shown.sha256
    assert shown.sha256 in files["dossier.json"].decode()


def test_every_plan_is_in_it_with_its_terms_also_from_outside_the_rounds(
    make_desk: Callable[..., Desk], download: Callable[..., bytes]
) -> None:
    """What a repair takes, which model, who pays the way; the counter-offer; the receiving desk's."""
    desk = make_desk("checked", reason="R8")
    desk.negotiate(
        offers=[plan("repair", days="7"), plan("exchange", sku="300ml 月白")],
        script=script("SC-01"),
    )
    text = words(download(desk.buyer, "buyers", desk.case, "pdf"))
    for expected in ("几天内修好：7", "规格：300ml 月白", "运费承担：商家承担"):
        assert expected in text, expected

    case = make_desk("sent_back", type="return_refund").case
    parts = [Arrived(1, "damaged")]
    shots = {"receipt": [upload(desk.merchant)]}
    case.receive_part(by=desk.merchant, arrived=parts, amount=Decimal("60.00"), evidence=shots)
    text = words(download(case.buyer, "buyers", case, "pdf"))
    assert "轮次之外的方案" in text
    assert "商家：部分退款，无需退货 ¥60.00（待答复）" in text


def test_the_clock_of_a_repair_is_its_own(
    make_desk: Callable[..., Desk], download: Callable[..., bytes]
) -> None:
    """D8: thirty days where the goods are mended, and where they go besides the order's address."""
    there = {"name": "许知远", "phone": "13900001111", "address": "浙江省杭州市西湖区文三路 2 号"}
    desk = make_desk("taken_in", type="repair", ship_to=there)
    buyers = words(download(desk.buyer, "buyers", desk.case, "pdf"))
    shops = words(download(desk.merchant, "merchants", desk.case, "pdf"))
    assert "D8r 商家修好并寄回：30 天" in buyers
    assert "许知远 13900001111 浙江省杭州市西湖区文三路 2 号" in buyers
    assert not [each for each in ("许知远", "13900001111", "文三路 2 号") if each in shops]


def test_what_was_proposed_before_the_case_is_in_it(
    shop: Any, buyer: User, merchant: User, download: Callable[..., bytes]
) -> None:
    """S-47: the plan that was agreed on, with its message."""
    order = OrderFactory(shop=shop, buyer=buyer)
    talk = Conversation(order.lines.get())
    offered = Plan.objects.get(code="partial_refund")
    said = talk.propose(by=merchant, plan=offered, amount=Decimal("45.00"))
    talk.answer(said.proposal, by=buyer, accept=True)
    case = Case.apply(order.lines.get(), application_for(order, reason="U5"), by=buyer)
    text = words(download(buyer, "buyers", case, "pdf"))
    assert "部分退款，无需退货 ¥45.00（已接受）" in text
