"""One settings module: every difference between machines is a value in the environment (`.env.example` lists them)."""

import contextlib
import fcntl
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env(
    SECRET_KEY=(str, ""),
    DEBUG=(bool, False),
    ALLOWED_HOSTS=(list, []),
    CSRF_TRUSTED_ORIGINS=(list, []),
    DATABASE_URL=(str, "sqlite:///var/maxops.sqlite3"),
    CELERY_BROKER_URL=(str, ""),
    TIME_ZONE=(str, "Europe/London"),
    MAXOPS_DATA_DIR=(str, "var"),
    MAXOPS_PUBLIC_URL=(str, "http://127.0.0.1:8000"),
    MAXOPS_LOG_LEVEL=(str, "INFO"),
    MAXOPS_PHONE_REGION=(str, "GB"),
    MAXOPS_UPLOAD_LIMIT=(int, 2_000_000_000),
    MAXOPS_KEEP_FILES_DAYS=(int, 30),
    MAXOPS_ANSWER_HOURS=(int, 2),
    MAXOPS_PULL_SECONDS=(int, 300),
    MAXOPS_BOARD_SECONDS=(int, 15),
    MAXOPS_IDLE_SECONDS=(int, 60),
    MAXOPS_HISTORY_DAYS=(int, 400),
    MAXOPS_EMERGENCY_SECONDS=(int, 60),
    MAXOPS_PROXIES=(int, 0),
    MAXCONTACT_URL=(str, ""),
    MAXCONTACT_LOGIN=(str, ""),
    MAXCONTACT_PASSWORD=(str, ""),
    MAXCONTACT_AUTH_SCHEME=(str, "basic"),
    MAXCONTACT_LINE_BASE=(str, "auto"),
)
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = (BASE_DIR / env("MAXOPS_DATA_DIR")).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def own_secret_key() -> str:
    """A key of this installation's own, made once and kept beside its data: one machine needs no set-up at all.

    Whole or not there at all, whoever else starts at this moment; an empty one, left by a full disk, is made again.
    """
    kept = DATA_DIR / "secret_key"
    if kept.exists() and (key := kept.read_text("ascii").strip()):
        return key
    with (DATA_DIR / "secret_key.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept.exists() and kept.read_text("ascii").strip()):
            new = DATA_DIR / "secret_key.new"
            new.touch(mode=0o600)
            new.write_text(get_random_secret_key(), "ascii")
            new.replace(kept)
    return kept.read_text("ascii").strip()


SECRET_KEY = env("SECRET_KEY") or own_secret_key()
DEBUG = env("DEBUG")
MAXOPS_PUBLIC_URL = env("MAXOPS_PUBLIC_URL").rstrip("/")
PUBLIC = urlsplit(MAXOPS_PUBLIC_URL)
# The address under which the remote systems reach us is ours by definition, and so is this machine itself.
ALLOWED_HOSTS = [*env("ALLOWED_HOSTS"), PUBLIC.hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "maxops.console.apps.ConsoleConfig",
    "maxops.console.apps.MaxopsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
    "maxops.mirror",
    "maxops.campaigns",
    "maxops.lists",
    "maxops.teams",
    "maxops.users",
    "maxops.imports",
    "maxops.emergency",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "maxops.body_limits.BodyLimits",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "maxops.console.sessions.SessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "maxops.urls"
WSGI_APPLICATION = "maxops.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "maxops.console.context.frame",
                "maxops.emergency.context.emergency",
            ],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    if DATABASES["default"]["NAME"] != ":memory:":
        # A relative path means the same file from whatever folder a command is started.
        DATABASES["default"]["NAME"] = str(BASE_DIR / DATABASES["default"]["NAME"])
        # A folder that cannot be made is the database's trouble: the emergency command must start without one.
        with contextlib.suppress(OSError):
            Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # Many writers on one file: without WAL and IMMEDIATE most of them meet "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by all processes of one machine, and independent of database and broker: it holds MaxContact's token.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
        "TIMEOUT": 3600,
    },
}

AUTHENTICATION_BACKENDS = ["maxops.console.permissions.OneQueryBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "board"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "maxops.console.formats"  # 24 hours; Django's British formats say p.m.
TIME_ZONE = env("TIME_ZONE")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "uploads"
# Half-received files lie on the disk of the finished ones, and for nobody else to read.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "maxops.imports.form_files.FullDiskUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # an admin action over a long selection

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC.scheme == "https"
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC.scheme == "https" else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PUBLIC.scheme == "https"
if PUBLIC.scheme == "https":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# Without a broker of one's own the queue lives in files: see embedded_broker.py.
CELERY_BROKER_URL = env("CELERY_BROKER_URL")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "maxops.logs.MaskingFormatter", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "maxops": {"level": env("MAXOPS_LOG_LEVEL")},
        # Handlers of their own would write addresses past the mask: all lines leave by the one above.
        "django": {"handlers": [], "level": "INFO" if DEBUG else "WARNING"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "gunicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}

MAXOPS_PHONE_REGION = env("MAXOPS_PHONE_REGION")
MAXOPS_UPLOAD_LIMIT = env("MAXOPS_UPLOAD_LIMIT")  # bytes of one lead file
MAXOPS_KEEP_FILES_DAYS = env("MAXOPS_KEEP_FILES_DAYS")  # lead files and reports are deleted after; 0 keeps them
MAXOPS_PULL_SECONDS = env("MAXOPS_PULL_SECONDS")  # between two readings of lists, teams, users
MAXOPS_BOARD_SECONDS = env("MAXOPS_BOARD_SECONDS")  # between two readings of the campaigns while somebody looks
MAXOPS_IDLE_SECONDS = env("MAXOPS_IDLE_SECONDS")  # ... and while nobody does
MAXOPS_ANSWER_HOURS = env("MAXOPS_ANSWER_HOURS")  # a part not reported on by then counts as unanswered
MAXOPS_HISTORY_DAYS = env("MAXOPS_HISTORY_DAYS")  # how long the mirror remembers what changed in MaxContact
MAXOPS_EMERGENCY_SECONDS = env("MAXOPS_EMERGENCY_SECONDS")  # how long campaigns are re-read after the handle was pulled
MAXOPS_PROXIES = env("MAXOPS_PROXIES")  # proxies of ours a request comes through, each adding to X-Forwarded-For
MAXCONTACT_URL = env("MAXCONTACT_URL")
MAXCONTACT_LOGIN = env("MAXCONTACT_LOGIN")
MAXCONTACT_PASSWORD = env("MAXCONTACT_PASSWORD")
MAXCONTACT_AUTH_SCHEME = env("MAXCONTACT_AUTH_SCHEME")
MAXCONTACT_LINE_BASE = env("MAXCONTACT_LINE_BASE")
