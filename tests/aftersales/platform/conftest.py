"""Cases before the platform, and the two reviewers that a reversal takes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aftersales.enums import Stage, Status
from aftersales.models import Case, User
from tests.aftersales.lifecycle.reading import GROUNDS, WHY
from tests.factories import UserFactory


@pytest.fixture
def second(staff: User) -> User:
    """Another reviewer, with the same rights."""
    user = UserFactory(username="second", nick="小吴", is_staff=True)
    user.user_permissions.set(staff.user_permissions.all())
    return User.objects.get(pk=user.pk)


@pytest.fixture
def third(staff: User) -> User:
    user = UserFactory(username="third", nick="小郑", is_staff=True)
    user.user_permissions.set(staff.user_permissions.all())
    return User.objects.get(pk=user.pk)


@pytest.fixture
def deciding(make_case: Callable[..., Case], now: Any) -> Callable[..., Case]:
    """``deciding("rejected", type=…)``: asked for, and the evidence window is over."""

    def make(trait: str = "rejected", **given: Any) -> Case:
        case = make_case(trait, **given)
        now.shift(timedelta(minutes=1))
        case.ask_platform(by=case.buyer, reason=WHY)
        now.shift(timedelta(hours=48))
        case.catch_up()
        assert (case.status, case.stage) == (Status.PLATFORM_REVIEW, Stage.DECIDING)
        return case

    return make


@pytest.fixture
def ruled(deciding: Callable[..., Case], staff: User) -> Callable[..., Case]:
    """``ruled("deny")``: a ruling of the first reviewer, made just now."""

    def make(ruling: str, *, trait: str = "rejected", **answers: Any) -> Case:
        kind = {"type": answers.pop("type")} if "type" in answers else {}
        case = deciding(trait, **kind)
        found = {"responsible": "merchant", "grounds": GROUNDS} | answers
        case.rule(by=staff, ruling=ruling, **found)
        return case

    return make
