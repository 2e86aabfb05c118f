"""The project's settings for the test run: everything written goes to a directory that vanishes afterwards.

What a developer's shell says about Redis, mail or the site's address is forgotten; only DATABASE_URL counts
(unset: SQLite in a file, as threads and child processes need; see with_postgres.py).
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

OUTSIDE = (
    "DEBUG",
    "SECRET_KEY",
    "SITE_URL",
    "ALLOWED_HOSTS",
    "BEHIND_PROXY",
    "REDIS_URL",
    "EMAIL_URL",
    "MAIL_FROM",
    "MAIL_CHARSET",
    "MAIL_RETURN_PATH",
    "BOUNCE_URL",
    "CLAMD_URL",
)
for name in OUTSIDE:
    os.environ.pop(name, None)
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="meguru-test-")
os.environ["LOG_LEVEL"] = "WARNING"
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

# Only now: the project reads its environment while it is imported, and a settings module is made of all its names.
from project.settings import *  # noqa: E402, F403
from project.settings import DATABASES, STATIC_ROOT, STORAGES, VAR_DIR  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR_DIR) / "test.sqlite3")}
    # The disk need not survive a power cut here; everything else stays as it is in earnest.
    DATABASES["default"]["OPTIONS"]["init_command"] = DATABASES["default"]["OPTIONS"]["init_command"].replace(
        "synchronous=FULL", "synchronous=OFF"
    )
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
