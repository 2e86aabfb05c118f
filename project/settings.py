"""All settings, read from the environment; safe defaults, SQLite out of the box."""

import secrets
import ssl
from email.utils import parseaddr
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from project.logs import configure_logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Everything the running system writes: database, mail files, static files, secret key.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)


def kept_secret(path: Path) -> str:
    """The key kept in `path`, made on first use, so that sessions survive a restart."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(VAR_DIR / "secret.key")

# The address people type; links in mails start with it, and https:// switches on all that https allows.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SECURE = SITE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SECURE else []

INSTALLED_APPS = [
    "project",
    "notifications",
    "workflows",
    "departments",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "viewflow.workflow",
    "guardian",
    "tree_queries",
    "csp",
    "django_htmx",
    "heroicons",
]

MIDDLEWARE = [
    "project.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # These two before whatever may answer by itself: a file, or the refusal of a host name.
    "csp.middleware.CSPMiddleware",
    "project.middleware.NoStoreMiddleware",
    "project.middleware.CompressedPagesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "notifications.middleware.WakeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "project.middleware.ChosenLanguageMiddleware",
    "project.middleware.KeptLoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.context.navigation",
            ],
            "builtins": ["project.templatetags.ui", "heroicons.templatetags.heroicons"],
        },
    },
]
FORM_RENDERER = "project.forms.FieldRenderer"

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'meguru.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Without these, two people acting on different reviews at once get «database is locked».
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # What comes a fifth time over a connection, the server has planned already.
    DATABASES["default"]["OPTIONS"] = {
        "server_side_binding": True,
        "prepare_threshold": 5,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "departments.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian would add a row for nobody otherwise
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 10 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "project.views.csrf_failure"

# Who uses a changed Meguru over the network must be offered its source (AGPL): the address of yours.
SOURCE_URL = env.str("SOURCE_URL", default="")

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "attachments": {
        "BACKEND": "workflows.evidence.storage.WholeFileStorage",
        "OPTIONS": {"location": VAR_DIR / "attachments"},
    },
}

# The virus scanner that is asked about every attachment: tcp://host:port or unix:///path of clamd; without it, none.
CLAMD_URL = env.str("CLAMD_URL", default="")

# Strict from the first page on: no inline script or style, no other host.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Mail. EMAIL_URL is smtp://user:password@host:port or smtp+tls://…; without it, mails become .eml files.
MAIL_DIR = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="meguru@localhost")
if "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    raise ImproperlyConfigured(
        "MAIL_FROM has to be an address, or a name and an address: Meguru <meguru@example.lg.jp>"
    )
# Where mail servers send their reports about mails that came back (MAIL FROM), and the mailbox or folder they are
# read from: imaps://user:password@host/INBOX, imap://…, maildir:///path or folder:///path; without it, none are read.
MAIL_RETURN_PATH = env.str("MAIL_RETURN_PATH", default="") or DEFAULT_FROM_EMAIL
BOUNCE_URL = env.str("BOUNCE_URL", default="")
# ISO-2022-JP for gateways and mail programs that expect it; a mail with a sign that it lacks goes out in UTF-8.
MAIL_CHARSET = env.str("MAIL_CHARSET", default="utf-8").lower()
if MAIL_CHARSET not in ("utf-8", "iso-2022-jp"):
    raise ImproperlyConfigured(f"MAIL_CHARSET is {MAIL_CHARSET!r}; it has to be utf-8 or iso-2022-jp.")
EMAIL_BACKEND = "notifications.backends.EmlFileBackend"
if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
    if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
        EMAIL_BACKEND = "notifications.backends.SmtpBackend"  # the same, but quick to notice that nobody is there
EMAIL_TIMEOUT = 600  # RFC 5321 asks for 10 minutes at the final dot; less makes duplicates

# Celery. Without REDIS_URL the same tasks run in the worker child of `manage.py serve`. Redis carries ticks and nothing
# that could be lost. rediss:// is TLS: the server's certificate must be signed by REDIS_CA (else by one of the
# system's authorities) and bear the host's name.
REDIS_URL = env.str("REDIS_URL", default="")
REDIS_CA = env.str("REDIS_CA", default="")
VISIBILITY_TIMEOUT = 900  # after this Redis hands a task out again: longer than any may take (CELERY_TASK_TIME_LIMIT)
CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "socket_connect_timeout": 5,
        "socket_timeout": 30,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
    if REDIS_URL
    else {"polling_interval": 0.1}
)
if REDIS_URL.startswith("rediss://"):
    CELERY_BROKER_USE_SSL = {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
        "ssl_ca_certs": REDIS_CA or None,
    }
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": VISIBILITY_TIMEOUT}
CELERY_VISIBILITY_TIMEOUT = VISIBILITY_TIMEOUT
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis as long as it takes
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5
# Mails have a queue and workers of their own, so that none waits behind heavy work.
CELERY_TASK_DEFAULT_QUEUE = "heavy"
CELERY_TASK_ROUTES = {
    "notifications.tasks.read_bounces": {"queue": "heavy"},
    "notifications.tasks.*": {"queue": "mail"},
    "workflows.tasks.*": {"queue": "heavy"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 780
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
# Where REMAP_SIGTERM=SIGQUIT stands in a worker's environment, SIGTERM gives its tasks this long, then hands them back.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 50
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

LOGGING_CONFIG = None
configure_logs(json=env.bool("LOG_JSON", default=False), level=env.str("LOG_LEVEL", default="INFO"))
