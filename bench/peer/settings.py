"""The peer's project: its model, django-import-export, a database in memory."""

SECRET_KEY = "bench"  # nothing is served
INSTALLED_APPS = ["django.contrib.contenttypes", "import_export", "bench.peer"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
