"""The world that all walks here share: made once, in a transaction that is taken back at the end."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from tests.rights.world import World


@pytest.fixture(scope="package")
def world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    own = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    clock = folder / "clock"
    demo = override_settings(DEMO=True, VAR=folder, DEMO_CLOCK=clock, CACHES=own)
    logging.disable(logging.CRITICAL)  # ten thousand refusals
    with django_db_blocker.unblock(), demo, transaction.atomic():
        yield World()
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
