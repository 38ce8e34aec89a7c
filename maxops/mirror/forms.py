"""The form of a mirrored row: it knows what it was drawn from, and hands on only what a person changed.

Nothing is written by the form itself; refusals and conflicts met while sending come back here as its errors.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models

from maxops.mirror.errors import Conflict, sentence
from maxops.mirror.form_fields import NamedIdField, RowField
from maxops.mirror.records import columns_of, jsonable
from maxops.mirror.wording import Wording

OPENED = "_opened"  # hidden: what the person saw, signed
CHOICE = "_choice_"  # before a field's name: whose value is to stand
THEIRS, MINE = "theirs", "mine"
SALT = "maxops.mirror.opened"
ADRIFT = (
    "This page cannot tell any more what it showed when you opened it, so nothing was sent. "
    "Open the record again and enter your change there."
)


@dataclass(frozen=True)
class Question:
    """One field that moved in MaxContact while the person changed it too, in words."""

    name: str
    label: str
    opened: str
    theirs: str
    yours: str
    chosen: str

    @property
    def control(self) -> str:
        return CHOICE + self.name


class MirroredForm(forms.ModelForm):
    """`refusal` is set by the admin on the class it makes for one request: what came of sending this very form."""

    refusal: Exception | None = None  # RemoteError, Conflict or MaxopsConfigError

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding
        self.is_adrift = False
        kept = self._read_token()
        self.opened = self._read_opened(kept)
        self.asked = self._read_asked(kept)
        self.attributes = self._attributes()
        for name, field in self.fields.items():
            attribute = self.attributes.get(name)
            if attribute is None:
                continue
            if attribute in self.opened:
                self.initial[name] = drawn(self.opened[attribute])
            self._fit(field, self.opened.get(attribute))

    def _attributes(self) -> dict[str, str]:
        """Form field -> attribute of the record (default_list -> default_list_id)."""
        by_name = {column.name: attribute for attribute, column in columns_of(type(self.instance)).items()}
        secret = {field.attribute: field.attribute for field in self.instance.entity.fields if field.write_only}
        return {name: attribute for name, attribute in {**by_name, **secret}.items() if name in self.fields}

    def _fit(self, field: forms.Field, current: Any) -> None:
        """Make the field able to show and take back the present value, also one the documents do not name."""
        if isinstance(field, RowField | NamedIdField):
            field.fit(current)
        elif isinstance(field, forms.TypedChoiceField) and current is not None:
            listed = [choice for choice in field.choices if choice[0] not in ("", None)]
            known = {value for value, _ in listed}
            field.choices = listed if current in known else [*listed, (current, f"{current} (not in the documents)")]
        elif isinstance(field, forms.NullBooleanField) and (current is not None or self.is_new):
            field.widget = forms.CheckboxInput()

    def _read_token(self) -> dict[str, Any]:
        """What the page says it was drawn from; nothing if it does not say. One that cannot be believed is adrift."""
        if OPENED not in self.data:
            return {}
        try:
            kept = signing.loads(self.data[OPENED], salt=SALT)
        except signing.BadSignature:
            kept = {}
        self.is_adrift = not self.is_new and kept.get("of") != self._identity()
        return {} if self.is_adrift else kept

    def _read_opened(self, kept: dict[str, Any]) -> dict[str, Any]:
        """What the page was drawn from: as it says itself, else the row as it is now."""
        columns = columns_of(type(self.instance))
        opened = {} if self.is_new else {name: getattr(self.instance, name) for name in columns}
        values = {name: value for name, value in kept.get("values", {}).items() if name in columns}
        return opened | {name: columns[name].to_python(value) for name, value in values.items()}

    def _read_asked(self, kept: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
        """{attribute: (as first opened, MaxContact's)} of the fields the page asked about."""
        columns = columns_of(type(self.instance))
        pairs = {name: pair for name, pair in kept.get("asked", {}).items() if name in columns}
        return {
            name: (columns[name].to_python(pair[0]), columns[name].to_python(pair[1])) for name, pair in pairs.items()
        }

    def _identity(self) -> list[Any]:
        return [self.instance.kind(), self.instance.pk]

    def _open_questions(self) -> dict[str, tuple[Any, Any]]:
        """What the page now asks: as it did before, and after a conflict with the values met this time."""
        fresh = self.refusal.fields if isinstance(self.refusal, Conflict) else {}
        first = {name: pair[0] for name, pair in self.asked.items()}
        return self.asked | {name: (first.get(name, opened), theirs) for name, (opened, theirs, _) in fresh.items()}

    def opened_token(self) -> str:
        """For the page: what it was drawn from; after a conflict, with the values the person has now been shown."""
        if self.is_adrift:
            return str(self.data[OPENED])  # to be opened anew: what it shows may be of any age
        asked = self._open_questions()
        values = self.opened | {name: theirs for name, (_, theirs) in asked.items()}
        kept = {
            "of": self._identity(),
            "values": {name: jsonable(value) for name, value in values.items()},
            "asked": {name: [jsonable(value) for value in pair] for name, pair in asked.items()},
        }
        return signing.dumps(kept, salt=SALT, compress=True)

    def questions(self) -> list[Question]:
        """For the page: when you opened it, in MaxContact now, yours."""
        asked = {} if self.is_new or not self.is_bound else self._open_questions()
        names = {attribute: name for name, attribute in self.attributes.items()}
        kind, columns = self.instance.kind(), columns_of(type(self.instance))
        moved = {name: [*pair, self._typed(names[name])] for name, pair in asked.items() if name in names}
        wording = Wording.of([(kind, moved)])
        again = self.refusal.fields if isinstance(self.refusal, Conflict) else {}
        return [
            Question(
                names[attribute],
                str(columns[attribute].verbose_name),
                *(wording.value(kind, attribute, value) or "(blank)" for value in values),
                "" if attribute in again else self._chosen(names[attribute]),
            )
            for attribute, values in moved.items()
        ]

    def _typed(self, name: str) -> Any:
        """What stands in the control, whatever was chosen; as typed, if it is no value of this field."""
        typed = self[name].data
        try:
            return self.fields[name].clean(typed)
        except ValidationError:
            return str(typed)

    def _chosen(self, name: str) -> str:
        return self.data.get(CHOICE + name, "")

    def _clean_fields(self) -> None:
        """An untouched value never blocks a save, whatever we would think of it if somebody typed it."""
        super()._clean_fields()
        if self.is_new:
            return
        for name, attribute in self.attributes.items():
            if attribute not in self.opened:
                continue
            if not self._is_touched(name) or (attribute in self.asked and self._chosen(name) == THEIRS):
                self._errors.pop(name, None)
                self.cleaned_data[name] = self.opened[attribute]
            elif attribute in self.asked and self._chosen(name) != MINE:
                self.add_error(name, "Changed in MaxContact too: choose above whose value is to stand.")

    def _is_touched(self, name: str) -> bool:
        field = self[name]
        if field.field.widget.value_omitted_from_data(self.data, self.files, field.html_name):
            return False
        if isinstance(field.field, forms.CharField):
            return plain(field.data, field.field.widget) != plain(field.initial, field.field.widget)
        return field._has_changed()

    def _post_clean(self) -> None:
        """Only what was changed is checked, and the instance stays as it is until MaxContact has answered."""
        for name, attribute in self.attributes.items():
            column = columns_of(type(self.instance)).get(attribute)
            if column is not None and name in self.cleaned_data and attribute in self.changes():
                self._check(name, column, self.cleaned_data[name])
        if self.is_adrift:
            self.add_error(None, ADRIFT)
        if self.refusal is not None and not self._errors:
            self._show_refusal(self.refusal)

    def _check(self, name: str, column: models.Field, value: Any) -> None:
        numeric = isinstance(column, models.IntegerField | models.DecimalField | models.ForeignKey)
        if value is None and numeric and not self.is_new:
            self.add_error(name, "MaxContact knows no blank here: give a number, 0 for none.")
            return
        try:
            getattr(column, "target_field", column).run_validators(value)
        except ValidationError as error:
            self.add_error(name, error)

    def changes(self) -> dict[str, Any]:
        """{attribute: value} of what the person changed; all that was given, for a new record."""
        given = {
            attribute: self.cleaned_data[name]
            for name, attribute in self.attributes.items()
            if name in self.cleaned_data
        }
        if self.is_new:
            return given
        # A secret is never among what was opened: a blank one was not typed.
        return {name: value for name, value in given.items() if value != self.opened.get(name, "")}

    @property
    def changed_data(self) -> list[str]:
        if not hasattr(self, "cleaned_data"):
            return super().changed_data
        changes = self.changes()
        return [name for name, attribute in self.attributes.items() if attribute in changes]

    def _show_refusal(self, refusal: Exception) -> None:
        self.add_error(None, sentence(refusal))
        names = {attribute: name for name, attribute in self.attributes.items()}
        for attribute, said in getattr(refusal, "fields", {}).items():
            name = names.get(attribute)
            words = "Changed in MaxContact meanwhile: choose above." if isinstance(refusal, Conflict) else said
            self.add_error(name, words if name else f"{attribute}: {words}")

    def save(self, commit: bool = True) -> Any:
        """The row as it is: what is to be sent is in `changes`."""
        return self.instance

    def save_m2m(self) -> None:
        """No many-to-many fields: links cannot be read back, so they are not part of the form."""


def drawn(value: Any) -> Any:
    """Decimals without the zeros our column pads them with."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


def plain(text: Any, widget: forms.Widget) -> str:
    """What stays the same when a browser sends text back untouched: no line ends in a line, one kind in a text area.

    Nor blanks at the ends: they are cut off when typed, so by themselves they are not a change.
    """
    unified = str("" if text is None else text).replace("\r\n", "\n").replace("\r", "\n").strip()
    return unified if isinstance(widget, forms.Textarea) else unified.replace("\n", "")
