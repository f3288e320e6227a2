"""What may be forgotten: Redis, and while that cannot be reached the memory of this process."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

PATIENCE = 10.0  # seconds until a Redis that did not answer is asked again

log = structlog.get_logger(__name__)
_asked_again_at: dict[str, float] = {}  # by location, of the whole process


class _Clients(RedisCacheClient):
    """One client for each pool of connections: Django makes one for each word to Redis, and to make
    one costs as much as the word."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made: dict[Any, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]
        if pool not in self.made:
            self.made[pool] = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return self.made[pool]


class Cache(RedisCache):
    """Redis that may be away.

    Then this process remembers for itself: tries of a sign-in are still counted, numbers still
    kept for a while. A Redis that hangs costs one time-out in ``PATIENCE`` seconds, not one a page.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Clients
        self.location = str(server)
        self.own = LocMemCache(self.location, params)

    @property
    def away(self) -> bool:
        return time.monotonic() < _asked_again_at.get(self.location, 0.0)


def _either(name: str) -> Callable[..., Any]:
    asked = getattr(RedisCache, name)

    def ask(self: Cache, *args: Any, **kwargs: Any) -> Any:
        if not self.away:
            try:
                return asked(self, *args, **kwargs)
            except RedisError as error:
                _asked_again_at[self.location] = time.monotonic() + PATIENCE
                log.warning("cache_unreachable", error=str(error))
        return getattr(self.own, name)(*args, **kwargs)

    return ask


for _name in (
    *("add", "get", "set", "touch", "delete", "has_key", "incr", "clear"),
    *("get_many", "set_many", "delete_many"),
):
    setattr(Cache, _name, _either(_name))


def numbers(shop_id: int) -> str:
    """Under what name the numbers of a shop are kept (``merchants/counting.py``)."""
    return f"numbers:{shop_id}"


def away() -> bool:
    """Whether the others' part of what is remembered is unknown at the moment."""
    return bool(getattr(cache, "away", False))
