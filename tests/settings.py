"""A test run's settings: production's, on private servers, without https and quick to sign in."""

import os

from tests import services

folder = services.start()
worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")

redis = os.environ["REDIS_URL"]
if redis.startswith("redis://127.0.0.1") and redis.endswith("/0"):
    # Each xdist worker its own cache and broker.
    os.environ["REDIS_URL"] = f"{redis[:-1]}{int(worker[2:]) % 15 + 1}"

os.environ.update(
    SECRET_KEY="for-tests-only-" + "0123456789" * 4,
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DEBUG="0",
    DEMO="0",
    HTTPS="0",
    EMAIL_URL="dummymail://",
    LOG_LEVEL="WARNING",
    VAR=str(folder / "var"),
    # Playwright's loop runs in the thread of the test, which Django would take for async code.
    DJANGO_ALLOW_ASYNC_UNSAFE="1",
)

from aftersales.settings import *  # noqa: E402, F403
from aftersales.settings import DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Threads share a file; a database in memory they would not.
    DATABASES["default"]["TEST"] = {"NAME": str(folder / "test.sqlite3")}
DATABASE_TIME = False  # tests stop and move the machine's clock
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
# Tests move the clock by days; test_sign_in sets the limits again.
WORK_IDLE = WORK_LONGEST = 10**9
