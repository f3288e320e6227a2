"""Cases that are whole, to be broken."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.models import Case
from aftersales.notices.delivering import deliver_due
from tests.aftersales.consistency.breaking import broken


@pytest.fixture
def whole(make_case: Callable[..., Case], now: Any) -> Callable[..., Case]:
    """A case brought there by real steps, everybody told, and found whole."""

    def make(trait: str = "", **given: Any) -> Case:
        case = make_case(trait, **given)
        deliver_due()
        assert broken() == set()
        return Case.objects.get(pk=case.pk)

    return make
