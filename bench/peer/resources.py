"""The resources of django-import-export: with its defaults, and tuned as its documentation says."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from import_export import resources

from bench.peer.models import Lead

PHONE = re.compile(r"(?:\+44|0044|0)?[1-9]\d{8,9}")
DROPPED = re.compile(r"[\s().\-]+")


class LeadResource(resources.ModelResource):
    """Each row is looked up by its id, compared, and its phone number looked at."""

    class Meta:
        model = Lead
        import_id_fields = ("ext_id",)
        exclude = ("id",)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        if not PHONE.fullmatch(DROPPED.sub("", row["phone"] or "")):
            raise ValidationError({"phone": "Not a phone number."})


class TunedResource(LeadResource):
    class Meta(LeadResource.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        force_init_instance = True
