"""A lead and a rejection as rows of the database, as one would keep them."""

from django.db import models

from bench.leads import HEADER


class Lead(models.Model):
    ext_id = models.CharField(max_length=40, unique=True)
    phone = models.CharField(max_length=40, db_index=True)
    for name in HEADER[2:]:
        locals()[name] = models.CharField(max_length=200, blank=True)
    del name

    def __str__(self) -> str:
        return self.ext_id


class Reject(models.Model):
    run = models.IntegerField(db_index=True)
    line = models.IntegerField()
    reason = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"Line {self.line}"
