"""The product's settings with a scratch folder, nobody's credentials, and work done where it is queued."""

import os
import tempfile

os.environ["MAXOPS_DATA_DIR"] = tempfile.mkdtemp(prefix="maxops-tests-")
scratch = os.environ["MAXOPS_DATA_DIR"]
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{scratch}/db.sqlite3")
for name in ("CELERY_BROKER_URL", "MAXCONTACT_URL", "MAXCONTACT_LOGIN", "MAXCONTACT_PASSWORD", "ALLOWED_HOSTS"):
    os.environ[name] = ""
os.environ["MAXOPS_PUBLIC_URL"] = "http://127.0.0.1:8000"

from maxops.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
CELERY_TASK_ALWAYS_EAGER = True
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing one, and warnings are errors here
