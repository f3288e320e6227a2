"""The small form of ``make load``: a few people at a few cases for some seconds, all of them answered."""

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connection

from tests.conftest import database_url
from tests.load.market import prepare
from tests.load.running import hurt, served
from tests.load.visitors import drive

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_everybody_is_answered_and_every_click_is_there(worker: Any, tmp_path: Path) -> None:
    """R7."""
    people = prepare(200, 6, Random(1))
    connection.close()
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
    }

    with served(tmp_path, environment) as (url, _web):
        visit = drive(url, people, rate=15, seconds=8)
        wrong = hurt(visit)

    assert not visit.failed
    assert len(visit.answers) > 20
    assert {each.status for each in visit.answers} <= {200, 302, 409, 422}
    assert len(visit.done) > 3
    assert wrong == []
