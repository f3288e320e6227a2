"""A shop's past, and its figures counted."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from aftersales.figures import reading, rolling
from aftersales.figures.definitions import BY_KEY
from aftersales.models import Shop, User
from tests.aftersales.figures.past import Past


@pytest.fixture
def past(shop: Shop, buyer: User) -> Past:
    return Past(shop, buyer)


@pytest.fixture
def figure(shop: Shop) -> Callable[..., Any]:
    """``figure("intervention_rate")``: rolled up, then read, as "6.67" or None."""

    def read(key: str, last: date | None = None, of: Shop | None = None) -> str | None:
        rolling.catch_up()
        last = last or rolling.yesterday()
        figures = reading.figures_of(of or shop, last)
        value = figures.value(BY_KEY[key], reading.Window(last))
        return None if value is None else str(value)

    return read
