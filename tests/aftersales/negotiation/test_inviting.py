"""邀请消费者举证: asked for in a round, a request of its own, answered with pictures or not (NEG-35)."""

import pytest

from aftersales import clock
from aftersales.enums import AnswerState, PlanState, RequestKind, RoundState
from aftersales.models import Case
from aftersales.rules import facts
from tests.aftersales.negotiation.talk import D15, plan, refused, script, set_policy
from tests.factories import upload


@pytest.fixture
def invited(make_desk):
    desk = make_desk("checked")
    invitation = plan("invite_evidence", what="裂纹近照", count=2)
    desk.negotiate(offers=[invitation], script=script("SC-05"))
    return desk


def test_an_invitation_is_an_open_request(invited):
    """NEG-35."""
    offer = invited.case.offers.get()

    assert (offer.plan.code, offer.state) == ("invite_evidence", PlanState.OPEN)
    assert offer.terms == {"what": "裂纹近照", "count": 2}
    assert invited.case.evidence_asked_at == clock.now()
    request = invited.case.requests.get()
    assert (request.kind, request.text, request.count, request.due_at) == (
        RequestKind.EVIDENCE,
        "裂纹近照",
        2,
        invited.case.reply_due_at,
    )


def test_what_cannot_be_photographed_answers_the_round(invited):
    """NEG-35: 拍不了 with its reason is a valid answer, and RR-06 no longer holds."""
    request = invited.case.requests.get()

    invited.case.answer_request(
        by=invited.buyer, request=request, done=False, text="裂纹在内壁，拍不出来"
    )

    assert invited.case.round_state == RoundState.ANSWERED
    assert invited.case.requests.get().state == AnswerState.DECLINED
    assert not facts.evidence_was_asked(invited.case)


def test_an_invitation_lapses_with_its_round(invited, now):
    """NEG-35: unanswered, it stands for RR-06."""
    assert not facts.evidence_was_asked(invited.case)
    now.shift(D15)
    invited.case.catch_up()

    assert invited.case.requests.get().state == AnswerState.LAPSED
    assert invited.case.round_state == RoundState.EXPIRED
    assert facts.evidence_was_asked(Case.objects.get(pk=invited.case.pk))


def test_a_second_invitation_takes_the_place_of_the_first(invited):
    """NEG-35: one open request of a kind."""
    invited.reply("我再想想")
    invited.negotiate(
        offers=[plan("invite_evidence", what="带面单的短视频")], script=script("SC-23")
    )

    assert [(each.text, each.state) for each in invited.case.requests.all()] == [
        ("裂纹近照", AnswerState.CLOSED),
        ("带面单的短视频", AnswerState.OPEN),
    ]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"what": ""}, "what_invite_evidence"),
        ({"what": "多" * 101}, "what_invite_evidence"),
        ({"count": 0}, "count_invite_evidence"),
        ({"count": 6}, "count_invite_evidence"),
        ({"count": "两"}, "count_invite_evidence"),
    ],
)
def test_an_invitation_says_what_and_how_many(make_desk, terms, field):
    """NEG-35, §2.6: refused at its field, also when forged."""
    desk = make_desk("checked")

    with refused(desk.case, "请", field=field):
        desk.negotiate(offers=[plan("invite_evidence", **terms)], script=script("SC-05"))


def test_evidence_asked_for_is_the_reply(invited):
    """NEG-35."""
    invited.case.add_evidence(by=invited.buyer, evidence={"added": [upload(invited.buyer)]})

    answered = invited.case.rounds.get()
    assert (answered.state, answered.answer) == (RoundState.ANSWERED, "已补充凭证")
    assert invited.case.reply_due_at is None


def test_evidence_nobody_asked_for_is_welcome_and_ends_no_wait(make_desk):
    """NEG-35."""
    desk = make_desk("waiting")
    desk.case.add_evidence(by=desk.buyer, evidence={"added": [upload(desk.buyer)]})

    assert desk.case.round_state == RoundState.WAITING


@pytest.mark.parametrize("done", [True, False])
def test_what_the_round_asks_for_answers_it_where_messages_do_not(make_desk, done):
    """NEG-30, NEG-35: also with ``any_message_counts`` off, as it does by 补充凭证."""
    set_policy(any_message_counts=False)
    desk = make_desk("checked")
    desk.negotiate(offers=[plan("invite_evidence")], script=script("SC-05"))

    desk.case.answer_request(
        by=desk.buyer,
        request=desk.case.requests.get(),
        done=done,
        text="" if done else "杯子已经扔掉了，拍不了",
        evidence={"asked": [upload(desk.buyer)]} if done else {},
    )

    assert (desk.case.round_state, desk.case.reply_due_at) == (RoundState.ANSWERED, None)


def test_words_that_come_with_evidence_are_an_answer_like_any_words(make_desk):
    """NEG-30, S-71: they stand in the thread, and nobody says that he did not reply."""
    desk = make_desk("waiting")
    shown = {"added": [upload(desk.buyer)]}
    desk.case.add_evidence(by=desk.buyer, evidence=shown, text="裂纹会渗水，不能接受这个金额。")

    answered = desk.case.rounds.get()
    assert (answered.state, answered.answer) == (
        RoundState.ANSWERED,
        "裂纹会渗水，不能接受这个金额。",
    )
    assert desk.case.reply_due_at is None


def test_an_invitation_is_answered_with_evidence_not_with_a_click(invited):
    """NEG-35."""
    with refused(invited.case, "请直接补充凭证", field="offer"):
        invited.case.accept_plan(by=invited.buyer, offer=invited.case.offers.get())


def test_what_is_asked_for_carries_no_contact_data(make_desk):
    """NEG-35."""
    desk = make_desk("checked")

    with refused(desk.case, "不能包含电话", field="what_invite_evidence"):
        desk.negotiate(
            offers=[plan("invite_evidence", what="发到微信 abc")], script=script("SC-05")
        )
