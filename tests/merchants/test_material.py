"""本单素材: what is on the case can be used again, by whoever may see it; nothing else can."""

from aftersales.enums import Party
from tests.factories import MemberFactory, upload


def test_every_picture_of_the_case_is_offered(make_desk, at_desk, merchant, shop, buyer, text_of):
    """The buyer's, a colleague's, and those of round two."""
    desk = make_desk("negotiated")
    case = desk.case
    colleague = MemberFactory(shop=shop).user
    theirs, ours = upload(buyer), upload(colleague)
    case.add_evidence(by=buyer, evidence={"added": [theirs]})
    case.send_message(by=colleague, text="拍到了", evidence={"chat": [ours]}, as_party="merchant")
    second = [each.upload for each in case.evidence.filter(party=Party.MERCHANT)]

    page = text_of(at_desk.look("send_message", case))

    assert "用这一单传过的文件" in page
    for each in [theirs, ours, *second]:
        assert f'value="{each.token}"' in page
        assert f"{each.token}/?thumb=1" in page


def test_it_can_be_put_forward_again(make_case, at_desk, buyer, merchant):
    case = make_case()
    theirs = case.evidence.filter(party=Party.BUYER).first().upload

    at_desk.send("send_message", case, text="这张看不清", proof_chat_kept=theirs.token)

    again = case.evidence.get(party=Party.MERCHANT)
    assert again.upload == theirs
    assert case.events.last().details["evidence"][0]["sha256"] == theirs.sha256


def test_what_is_on_another_case_is_not(make_case, at_desk, buyer, stranger):
    """Neither of the same buyer's other case, nor anybody's staged file."""
    case, other = make_case(), make_case()
    elsewhere = other.evidence.first().upload

    for foreign in (elsewhere, upload(buyer), upload(stranger)):
        at_desk.send("send_message", case, text="见图", proof_chat_kept=foreign.token)

    assert not case.evidence.filter(party=Party.MERCHANT).exists()


def test_what_is_hidden_until_the_window_closes_is_not_offered(
    make_case, at_desk, buyer, merchant, text_of
):
    """§1.6: the other side's evidence of an open intervention."""
    case, hidden = make_case("under_review"), upload(buyer)
    case.add_evidence(by=buyer, evidence={"added": [hidden]})

    assert hidden.token not in text_of(at_desk.look("add_evidence", case))
    at_desk.send("add_evidence", case, text="见图", proof_added_kept=hidden.token)

    assert not case.evidence.filter(party=Party.MERCHANT, upload=hidden).exists()


def test_a_slot_takes_no_more_than_it_holds(make_case, at_desk, merchant, text_of):
    case = make_case()
    every = [each.upload.token for each in case.evidence.all()]
    more = [upload(merchant).token for _ in range(4 - len(every[:1]))]

    answer = at_desk.send("send_message", case, text="见图", proof_chat_kept=[*every[:1], *more])

    assert answer.status_code == 422
    assert "最多上传 3 张" in text_of(answer)


def test_a_lost_session_says_so_beside_the_file(client):
    answer = client.post("/files/stage/", {"slot": "proof_chat"})

    assert (answer.status_code, answer.content.decode()) == (401, "登录已过期，请重新登录后再上传")
