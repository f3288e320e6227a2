"""What may be forgotten at any time: a cache that answers "nothing known" when it cannot be reached."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")


def get(key: str) -> Any:
    return _asked(lambda: cache.get(key), None)


def get_many(keys: Iterable[str]) -> dict[str, Any]:
    return _asked(lambda: cache.get_many(keys), {})


def put(key: str, value: Any, seconds: int) -> None:
    _asked(lambda: cache.set(key, value, seconds), None)


def drop(key: str) -> None:
    _asked(lambda: cache.delete(key), None)


def _asked(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return ask()
    except RedisError as error:
        log.warning("cache_unreachable", error=str(error))
        return otherwise
