"""The choice of a part for a report that could not be matched by itself."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from maxops.imports.decisions import MISSING
from maxops.imports.models import OPEN_PARTS, Answer, Part


def assignable_parts(answer: Answer) -> QuerySet[Part]:
    """Parts of its mapping without a report, those a person decided on among them; the latest first."""
    parts = Part.objects.filter(Q(state__in=OPEN_PARTS) | MISSING | Q(state=Part.State.ANSWERED, answers=None))
    return parts.filter(run__mapping=answer.mapping_id).select_related("run").order_by("-sent_at", "-id")


class AssignForm(forms.Form):
    part = forms.ModelChoiceField(Part.objects.none())

    def __init__(self, *args: Any, answer: Answer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].queryset = assignable_parts(answer)
