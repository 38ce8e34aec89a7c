"""What has to be set up by hand in MaxContact's portal for a mapping of ours; none of it can be done by API."""

from typing import NamedTuple

from maxops.imports.mapping import list_words
from maxops.imports.models import Mapping, Part
from maxops.imports.versions import word_for

MAP_ANSWERS = {
    "NoMapFound": "MaxContact knows no template of this name. Compare the name letter by letter, spaces too.",
    "NoMapMatch": "MaxContact's template has other columns than the file. Compare the columns, and their order.",
}


class Need(NamedTuple):
    """`copied`: worth a copy button, because it must be there to the letter; `is_secret`: for whoever may change it."""

    key: str
    label: str
    value: str
    note: str = ""
    copied: bool = False
    is_secret: bool = False


def needs_of(mapping: Mapping) -> list[Need]:
    words, target = word_for(mapping), list_words(mapping)
    into = f"List {target}" if target else "Chosen at upload"
    needs = [
        Need(
            "name", "Template name", mapping.name, "To the letter: an upload names its template by this.", copied=True
        ),
        Need(
            "url",
            "Response URL",
            mapping.callback_url,
            "Without it MaxContact takes leads but never says which rows it rejected. It holds a secret.",
            copied=True,
            is_secret=True,
        ),
        Need("format", "Response format", mapping.get_response_format_display(), "Both are read here."),
        Need("columns", "CSV columns, in order", ",".join(mapping.columns), copied=True),
        Need("targets", "Where columns go", words("fields", mapping.fields)),
        Need("list", "List", into, LIST_NOTES[bool(target)]),
        Need("options", "Options", words("options", mapping.options), OPTIONS_NOTE) if mapping.options else None,
        Need("supplier", "Supplier", mapping.supplier or "not noted here", "The template cannot be saved without one."),
    ]
    return [need for need in needs if need]


LIST_NOTES = {
    True: "Either the template is fixed to this list ('Specified List'), or it takes the list that is sent with each "
    "upload.",
    False: "The template must not be fixed to a list, else the one chosen at upload is ignored.",
}
OPTIONS_NOTE = "Sent with every upload. Those that the template fixes are ignored."


def map_trouble(mapping: Mapping) -> str:
    """What the last answer about this mapping means, if it was about the template and nothing was taken since."""
    taken = Part.objects.filter(run__mapping=mapping, state__in=[Part.State.WAITING, Part.State.ANSWERED])
    if mapping.last_answer_at and taken.filter(sent_at__gt=mapping.last_answer_at).exists():
        return ""
    return next((words for code, words in MAP_ANSWERS.items() if mapping.last_answer.startswith(code)), "")
