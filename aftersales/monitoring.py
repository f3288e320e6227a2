"""What machines ask: /healthz (can it work at all?) and /metrics (the numbers of ``health``)."""

import structlog
from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError

from aftersales import health

SOON = 1.0  # seconds in which Redis must answer; for the database see settings.DATABASES

log = structlog.get_logger(__name__)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """``ok``, or 503 while database or broker can't be reached; which of them, the log says."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if settings.REDIS_URL:
            with Redis.from_url(
                settings.REDIS_URL, socket_timeout=SOON, socket_connect_timeout=SOON
            ) as redis:
                redis.ping()
    except (Error, RedisError) as error:
        log.error("unhealthy", error=type(error).__name__)
        return HttpResponse("unavailable", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has ``settings.METRICS_TOKEN``; for anybody else, and without one, it is not there."""
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, wanted):
        raise Http404
    return HttpResponse(
        health.exposition(health.gauges()),
        content_type="text/plain; version=0.0.4; charset=utf-8",
    )
