"""待我举证 (copy deck 3.3): said to a shop until it has filed, and no longer then."""

from datetime import timedelta

import pytest

from tests.factories import picture

WHY = "商家说是开片工艺，可是裂纹用手摸得到，水会渗出来。"


@pytest.fixture
def gathering(make_case, buyer, now):
    case = make_case("rejected")
    now.shift(timedelta(minutes=1))
    case.ask_platform(by=buyer, reason=WHY)
    now.shift(timedelta(minutes=1))
    return case


def both(at_desk, case, text_of):
    """The list and the case say the same."""
    return text_of(at_desk.look("queue", tab="platform")), text_of(at_desk.look("case", case))


def test_evidence_is_due_until_it_is_filed(gathering, at_desk, text_of):
    listed, shown = both(at_desk, gathering, text_of)
    assert "待我举证" in shown
    assert "待我举证" in listed
    assert "11-25 12:01 前可举证" in listed

    at_desk.send("add_evidence", gathering, proof_added=picture())

    listed, shown = both(at_desk, gathering, text_of)
    assert "待我举证" not in shown
    assert "待我举证" not in listed
    assert "已举证，11-25 12:01 前可补充" in listed
    assert "我方凭证已提交" in shown
    assert "继续补充凭证" in shown


def test_who_is_asked_for_more_owes_it_until_it_is_filed(gathering, at_desk, staff, now, text_of):
    """What was filed before does not answer the platform's question."""
    at_desk.send("add_evidence", gathering, proof_added=picture())
    now.shift(timedelta(hours=48))
    gathering.catch_up()
    gathering.ask_supplement(by=staff, of="merchant", what="请补充发货称重记录")
    now.shift(timedelta(minutes=1))
    for shown in both(at_desk, gathering, text_of):
        assert "平台请我方补充凭证" in shown

    at_desk.send("add_evidence", gathering, proof_added=picture())

    listed, shown = both(at_desk, gathering, text_of)
    assert "平台请我方补充凭证" not in listed
    assert "已举证" in listed
    assert "我方凭证已提交" in shown
