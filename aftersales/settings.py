"""Every setting, from the environment; with none set, a first look on SQLite. See docs/deploy.md."""

from pathlib import Path
from typing import Any

import environ
import structlog
from django.contrib.messages import constants as levels
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from aftersales import logs

BASE_DIR = Path(__file__).resolve().parent.parent
FIRST_LOOK_KEY = "first-look-only-" + "0" * 48

# Any of them may stand in a file that is named instead: SECRET_KEY_FILE=/run/credentials/….
env = environ.FileAwareEnv()

# What kind of run this is -------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")

DEMO = env.bool("DEMO", default=False)
# Whoever has configured any of these three is past the first look.
_configured = any(env.str(n, default="") for n in ("DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS"))
DEBUG = env.bool("DEBUG", default=not (DEMO or _configured))
PRODUCTION = env.bool(
    "PRODUCTION", default=DATABASE_URL.startswith("postgres") or not (DEBUG or DEMO)
)
HTTPS = env.bool("HTTPS", default=not (DEBUG or DEMO))

SECRET_KEY = env.str("SECRET_KEY", default=FIRST_LOOK_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

if PRODUCTION and (DEBUG or DEMO):
    raise ImproperlyConfigured(
        f"{'DEBUG' if DEBUG else 'DEMO'} must be off in production: unset it, "
        "or set PRODUCTION=0 if this is a database for development."
    )
if not (DEBUG or DEMO):
    if SECRET_KEY == FIRST_LOOK_KEY or len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
        raise ImproperlyConfigured("SECRET_KEY must be set to 50 or more random characters.")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS must name the hosts that this site answers to, such as desk.example.com."
        )

# Everything that a run writes, except what the database holds, is under here.
VAR = Path(env.str("VAR", default=str(BASE_DIR / "var" / ("demo" if DEMO else "local"))))

# Where the demo's moved clock is kept; read in the demo only.
DEMO_CLOCK = VAR / "clock"

# Which payment gateway adapter pays refunds; "ledger" only writes down what it would pay.
GATEWAY = env.str("GATEWAY", default="ledger")

# Which adapter asks carriers for traces; the shipped one knows what was recorded, and asks nobody.
CARRIER = env.str("CARRIER", default="aftersales.logistics.traces.Recorded")

# Which adapter lends virtual phone numbers; the shipped one lends extensions that connect nobody.
CALLS = env.str("CALLS", default="aftersales.calls.Switchboard")

# How many days an uploaded order file is kept; what was imported from it stays.
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", default=30)

# Where clamd listens (a path, or host:port), if files are to be scanned before anybody sees them.
CLAMD_SOCKET = env.str("CLAMD_SOCKET", default="")

# What a monitor has to show to read /metrics; without it that page is not there.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# How many days personal data is kept after it was last needed; what of it, docs/privacy.md says.
CONTACT_DAYS = env.int("CONTACT_DAYS", default=15)
UPLOAD_DAYS = env.int("UPLOAD_DAYS", default=30)
NOTICE_DAYS = env.int("NOTICE_DAYS", default=365)

# How little time is left of a deadline that is marked as urgent, and as soon.
DUE_URGENT_HOURS = env.int("DUE_URGENT_HOURS", default=2)
DUE_SOON_HOURS = env.int("DUE_SOON_HOURS", default=12)

# The project --------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "allauth.mfa",  # before us, who take what they register out of the admin
    "allauth.usersessions",
    "aftersales",
    "merchants",
    "buyers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_fsm",
    "django_htmx",
]

MIDDLEWARE = [
    "aftersales.errors.trace",
    "aftersales.middleware.protect",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "aftersales.sessions.SignedIn",
    "aftersales.middleware.prefer",
    "django.contrib.messages.middleware.MessageMiddleware",
    "aftersales.accounts.watch",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "aftersales.errors.explain",
    "aftersales.middleware.legible",
]

CSRF_FAILURE_VIEW = "aftersales.errors.csrf_failure"
ROOT_URLCONF = "aftersales.urls"
WSGI_APPLICATION = "aftersales.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aftersales.context.frame",
                "merchants.context.menu",
            ],
        },
    },
    {  # for long lists: docs/front.md, "Quick pages"
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "aftersales.jinja.environment"},
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_TAGS = {levels.ERROR: "danger"}
MESSAGE_STORAGE = "aftersales.middleware.Messages"

# The database, and what Redis holds for a while ---------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL")
    if DATABASE_URL
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR / "db.sqlite3"}
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Milliseconds. A long migration may need STATEMENT_TIMEOUT=0 for that one command.
    statement_timeout = env.int("STATEMENT_TIMEOUT", default=30_000)
    DATABASES["default"]["ENGINE"] = "aftersales.postgresql"
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "options": f"-c statement_timeout={statement_timeout} -c lock_timeout=5000"
        " -c idle_in_transaction_session_timeout=60000",
        # A database that does not answer is away after seconds, not after the system's 15 minutes.
        "connect_timeout": 3,  # seconds
        # Statements are planned once a connection: planning was a quarter of what a step took.
        "server_side_binding": True,
        "prepare_threshold": 3,  # times seen
        "tcp_user_timeout": 5000,  # milliseconds
        # So that it is also noticed by whoever waits for an answer.
        "keepalives_idle": 5,  # seconds
        "keepalives_interval": 2,
        "keepalives_count": 3,
    } | DATABASES["default"].get("OPTIONS", {})

# Whether its clock is ours, so that no machine's own can be wrong; SQLite is of this machine.
DATABASE_TIME = DATABASES["default"]["ENGINE"].endswith("postgresql")

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "aftersales.cached.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "aftersales",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 0.5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# People -------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "aftersales.User"
AUTHENTICATION_BACKENDS = [
    "aftersales.accounts.Accounts",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "aftersales.passwords.NoWordsOfOurs"},
]
# Passwords that have leaked: SHA-1 hashes, sorted, one a line, as Have I Been Pwned gives them out.
LEAKED_PASSWORDS = env.str("LEAKED_PASSWORDS", default="")
if LEAKED_PASSWORDS:
    if not Path(LEAKED_PASSWORDS).is_file():
        raise ImproperlyConfigured(f"LEAKED_PASSWORDS names {LEAKED_PASSWORDS}, which is no file.")
    AUTH_PASSWORD_VALIDATORS.append(
        {"NAME": "aftersales.passwords.NotLeaked", "OPTIONS": {"known": LEAKED_PASSWORDS}}
    )
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "aftersales.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address or a factor is changed
# A session of somebody at work ends when nobody has used it for so long, and in any case with the day.
WORK_IDLE, WORK_LONGEST = 2 * 3600, 12 * 3600  # seconds
# Who must have a second factor: merchant, staff.
SECOND_FACTOR_FOR = env.list("SECOND_FACTOR_FOR", default=[])
MFA_ADAPTER = "aftersales.accounts.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "aftersales.passkeys.AddPasskey",
    "edit_webauthn": "aftersales.passkeys.RenamePasskey",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts are made by hand, and not every one has an address
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # a browser trusts localhost without https
# How many reverse proxies of ours stand before us; with 0 nobody's X-Forwarded-For is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# Language and time --------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "aftersales" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Files --------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(VAR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR / "media"))
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG or DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Mail ---------------------------------------------------------------------------------------------

if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR / "mail"
else:
    vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="aftersales@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2] or "localhost"

# What the browser is told -------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "upgrade-insecure-requests": HTTPS,
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "aftersales.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^metrics$"]  # asked from inside, past the proxy
CSRF_COOKIE_HTTPONLY = True
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    # Set it only where a proxy of ours overwrites the header: see docs/deploy.md.
    if env.bool("BEHIND_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What runs beside the pages -----------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://") or "filesystem://"
if not REDIS_URL:
    CELERY_BROKER_TRANSPORT = "aftersales.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        # Longer than the longest task; with less, a task still running is handed out twice.
        "visibility_timeout": 3600,
        # Without these a worker whose link to Redis was cut silently never comes back.
        "socket_timeout": 15,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": True,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(VAR / "broker"),
        "data_folder_out": str(VAR / "broker"),
        "control_folder": str(VAR / "broker-control"),
        "polling_interval": 0.1,
    }
)
if not REDIS_URL:
    (VAR / "broker").mkdir(parents=True, exist_ok=True)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_DEFAULT_QUEUE = "aftersales"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 1000  # otherwise the database is connected to anew for every task
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "aftersales.beat:Scheduler"


def _every(seconds: float, task: str, priority: int = 3) -> dict[str, Any]:
    # A sweep that waited for long has been overtaken by the next. Not sooner: beat and worker may be on
    # machines whose clocks differ, and what seems to have expired is thrown away.
    options = {"expires": max(seconds, 900), "priority": priority}
    return {"task": task, "schedule": seconds, "options": options}


CELERY_BEAT_SCHEDULE = {
    "expire-cases": _every(0.5, "aftersales.tasks.expire_cases", priority=0),  # before all others
    "put-editions-in-force": _every(10, "aftersales.tasks.put_editions_in_force"),
    "extend-deadlines": _every(10, "aftersales.tasks.extend_deadlines"),
    "pay-refunds": _every(2, "aftersales.tasks.pay_refunds"),
    "deliver-notices": _every(2, "aftersales.tasks.deliver_notices"),
    "remind": _every(10, "aftersales.tasks.remind"),
    "send-mails": _every(10, "aftersales.tasks.send_mails"),
    "scan-files": _every(10, "aftersales.tasks.scan_files"),
    "run-imports": _every(2, "aftersales.tasks.run_imports"),
    "agree-by-rules": _every(2, "aftersales.tasks.agree_by_rules"),
    "run-jobs": _every(2, "aftersales.tasks.run_jobs"),
    "drop-exports": _every(3600, "aftersales.tasks.drop_exports"),
    "run-simulations": _every(2, "aftersales.tasks.run_simulations"),
    "roll-up-figures": _every(60, "aftersales.tasks.roll_up_figures"),
    "drop-order-files": _every(3600, "aftersales.tasks.drop_order_files"),
    "drop-drafts": _every(3600, "aftersales.tasks.drop_drafts"),
    "drop-personal": _every(3600, "aftersales.tasks.drop_personal"),
    "watch-parcels": _every(60, "aftersales.tasks.watch_parcels"),
    "keep-pulse": _every(10, "aftersales.tasks.keep_pulse"),
    "check-consistency": _every(60, "aftersales.tasks.check_consistency"),
}

# Logs: lines to read in a first look, JSON in production ------------------------------------------

_stamps: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_last: list[Any] = [
    logs.without_request,
    structlog.processors.format_exc_info,  # plain: a traceback with its variables tells too much
    logs.without_people,
    structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    if DEBUG or DEMO
    else structlog.processors.JSONRenderer(ensure_ascii=False),
]
structlog.configure(
    processors=[*_stamps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [*_stamps, structlog.stdlib.ExtraAdder()],
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
    },
}
