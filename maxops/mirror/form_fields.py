"""Form fields for ids: of another mirrored row, of a named skill, role or plan. Any number is taken, named or not."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.core.exceptions import ValidationError
from django.db import models

from maxops.mirror.models import Mirrored, NamedId
from maxops.mirror.offers import LARGEST_ID

ROWS_LISTED = 300  # more than these are looked up in a window instead of listed
OTHER = "other"  # ends the name of the control for an id typed beside the named ones


class RecordField(forms.IntegerField):
    """The Id of a mirrored row: a select of all by name while they are few, else a number with a way to look it up."""

    def __init__(self, model: type[Mirrored], admin_site: Any, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST_ID, **kwargs})
        self.model = model
        self.admin_site = admin_site

    def choose_widget(self, current: int | None, *, none: bool = False) -> None:
        """With the present value whatever it is; `none` offers MaxContact's 0 for none."""
        long = [column.name for column in self.model._meta.concrete_fields if isinstance(column, models.TextField)]
        rows = list(self.model._default_manager.defer(*long)[: ROWS_LISTED + 1])
        if len(rows) > ROWS_LISTED:
            self.widget = ForeignKeyRawIdWidget(models.ManyToOneRel(None, self.model, "id"), self.admin_site)
            return
        listed = {row.pk: f"{row} ({row.pk})" for row in rows}
        label = self.model._meta.verbose_name
        extra = {0: f"no {label} (0)"} if none else {}
        if current is not None and current not in listed:
            extra.setdefault(current, f"{label} {current}, not read from MaxContact")
        blank = [("", "---------")] if current is None else []
        self.widget = forms.Select(choices=[*blank, *extra.items(), *listed.items()])


class RowField(RecordField):
    """The same for a foreign key of a mirrored row, which may be none."""

    def __init__(self, column: models.ForeignKey, admin_site: Any) -> None:
        super().__init__(
            column.related_model,
            admin_site,
            required=False,
            min_value=None,
            label=column.verbose_name,
            help_text=column.help_text,
        )

    def fit(self, current: int | None) -> None:
        self.choose_widget(current, none=True)


class NamedIdWidget(forms.MultiWidget):
    """Names to choose from under the field's own name, and beside them a number nobody has named yet, which wins.

    So a plain number under the plain name is taken as ever.
    """

    use_fieldset = False

    def __init__(self, names: dict[int, str], current: int | None, *, none: bool) -> None:
        self.current = current
        self.listed: dict[int, str] = {0: "none (0)"} if none else {}
        self.listed |= {number: f"{name} ({number})" for number, name in names.items()}
        if current is not None:
            self.listed.setdefault(current, f"{current} (no name here)")
        blank = {"": "---------"} if current is None else {}
        listed = forms.Select(choices=[*blank.items(), *self.listed.items()], attrs={"class": "namedid"})
        typed = {"class": "namedid", "min": "0", "placeholder": "another id", "aria-label": "Another id"}
        super().__init__({"": listed, OTHER: forms.NumberInput(attrs=typed)})

    def decompress(self, value: Any) -> list[Any]:
        """What is no entry of the list was typed beside it."""
        if value in (None, "") or str(value) in {str(number) for number in self.listed}:
            return [value, ""]
        return [self.current, value]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        chosen, typed = super().value_from_datadict(data, files, name)
        return (typed or "").strip() or chosen

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and not (data.get(f"{name}_{OTHER}") or "").strip()

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else id_


class NamedIdField(forms.IntegerField):
    """An id out of a register; a plain number while nobody has named one."""

    def __init__(self, register: str, **kwargs: Any) -> None:
        super().__init__(**{"max_value": LARGEST_ID, **kwargs})
        self.register = register

    def fit(self, current: int | None, *, none: bool = True) -> None:
        names = NamedId.names_of(self.register)
        if names:
            self.widget = NamedIdWidget(names, current, none=none)
            self.widget.is_required = self.required


class ProficiencyField(forms.IntegerField):
    """How well somebody has a skill; the bounds are the document's."""

    def __init__(self, bounds: tuple[int, int], **kwargs: Any) -> None:
        low, high = bounds
        super().__init__(
            min_value=low,
            max_value=high,
            initial=high // 2,
            help_text=f"{low} to {high}; {high} is best.",
            error_messages=dict.fromkeys(
                ("min_value", "max_value"), f"MaxContact takes a proficiency of {low} to {high}."
            ),
            **kwargs,
        )


def whole(value: Any) -> int | None:
    """A number out of an address, if it is one our columns can hold."""
    try:
        return forms.IntegerField(min_value=0, max_value=LARGEST_ID).clean(value)
    except ValidationError:
        return None
