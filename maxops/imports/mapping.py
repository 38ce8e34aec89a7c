"""A mapping's columns and targets, the options a run is sent with, and what is missing from either."""

from collections.abc import Mapping as Values
from typing import Any

from django.apps import apps

from maxops.imports.checks import Expected
from maxops.imports.errors import WrongValue
from maxops.imports.files import RunFiles
from maxops.imports.models import Mapping, Run
from maxops.imports.reader import plain
from maxops.lists.models import LeadList
from maxops.remote.platforms import PLATFORMS
from maxops.remote.platforms.interface import Option, Platform, Target

LIST_OPTION = "ListId"
LIST_NUMBERS = {"minimum": 1, "maximum": 2_147_483_647}
TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})
# How columns are usually called, as reader.plain() writes them; for a first guess that a person can change.
USUAL_NAMES = {
    "phone": {
        "phone",
        "phonenumber",
        "phoneno",
        "phonenum",
        "phone1",
        "mobile",
        "mobilenumber",
        "telephone",
        "tel",
        "telno",
        "number",
    },
    "phone2": {"phone2", "home", "homephone", "landline"},
    "phone3": {"phone3", "work", "workphone"},
    "reference": {"reference", "ref", "referenceid", "id", "leadid", "customerref", "customerreference", "crmid"},
    "name": {"name", "firstname", "forename"},
    "name2": {"name2", "lastname", "surname"},
}


def platform_of(slug: str) -> Platform:
    if slug not in PLATFORMS:
        raise WrongValue(f"There is no platform '{slug}'; there is {', '.join(sorted(PLATFORMS))}.")
    return PLATFORMS[slug]()


def files_of(run: Run) -> RunFiles:
    return RunFiles(apps.get_app_config("imports").runs_folder, run.pk)


def guess_fields(platform: Platform, columns: list[str]) -> dict[str, str]:
    """Column -> target by its usual names; every target once, the first column that fits."""
    fields: dict[str, str] = {}
    for target in platform.targets:
        names = USUAL_NAMES.get(target.name, {target.name})
        found = next((column for column in columns if plain(column) in names and column not in fields), None)
        if found:
            fields[found] = target.name
    return fields


def find_faults(platform: Platform, columns: list[str], fields: Values[str, str]) -> list[str]:
    """Why this mapping cannot work, in words; empty when it can."""
    faults = []
    seen = [plain(column) for column in columns]
    if not columns:
        faults.append("A mapping needs the columns of the CSV file.")
    if repeated := repeated_columns(columns):
        faults.append(f"Columns may occur only once: {', '.join(repeated)}.")
    targets = {target.name: target for target in platform.targets}
    for column, target in fields.items():
        if plain(column) not in seen:
            faults.append(f"'{column}' is not one of the columns.")
        if target not in targets:
            faults.append(f"'{target}' is no target; there is {', '.join(targets)}.")
    if columns:
        faults.extend(
            f"Say which column is the {target.label.lower()}: {columns[0]}={target.name}, for example."
            for target in missing_targets(platform, fields)
        )
    return faults


def repeated_columns(columns: list[str]) -> list[str]:
    seen = [plain(column) for column in columns]
    return sorted({column for column in columns if seen.count(plain(column)) > 1})


def missing_targets(platform: Platform, fields: Values[str, str]) -> list[Target]:
    return [target for target in platform.targets if target.required and target.name not in fields.values()]


def phone_column(mapping: Mapping) -> str:
    """The column that goes to the first phone target, "" when none does."""
    phones = [target.name for target in platform_of(mapping.platform).targets if target.kind == "phone"]
    by_target = {target: column for column, target in mapping.fields.items()}
    return next((by_target[name] for name in phones if name in by_target), "")


def expected_of(run: Run) -> Expected:
    mapping = run.mapping
    return Expected(
        tuple(mapping.columns),
        phone_column(mapping),
        tuple(mapping.required),
        run.matches,
        mapping.aliases,
        run.has_header,
    )


def region_of(mapping: Mapping) -> str:
    """Whose rules the mapping's phone numbers follow."""
    return mapping.region or apps.get_app_config("imports").phone_region


def read_options(platform: Platform, words: Values[str, str]) -> dict[str, Any]:
    """Options typed by a person: names without regard to case, values by their kind, empty = not sent."""
    known = {option.name.lower(): option for option in platform.options}
    options = {}
    for name, text in words.items():
        option = known.get(name.lower())
        if option is None:
            raise WrongValue(f"There is no option '{name}'; there is {', '.join(o.name for o in platform.options)}.")
        if text.strip():
            options[option.name] = read_option(option, text.strip())
    return options


def read_option(option: Option, text: str) -> Any:
    if option.kind == "flag":
        if text.lower() not in TRUE_WORDS | FALSE_WORDS:
            raise WrongValue(f"{option.name} is true or false, not '{text}'.")
        return text.lower() in TRUE_WORDS
    if option.kind == "int":
        number = int(text) if text.isascii() and text.isdigit() else 0
        if not LIST_NUMBERS["minimum"] <= number <= LIST_NUMBERS["maximum"]:
            raise WrongValue(f"{option.name} is a number from 1 on, not '{text}'.")
        return number
    return text


def split_list(options: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """The list is a choice of its own with us, whatever way it was given."""
    rest = {name: value for name, value in options.items() if name != LIST_OPTION}
    return rest, options.get(LIST_OPTION)


def list_words(chosen: Mapping | Run) -> str:
    """Where the leads of a mapping or a run go, as far as it is known here; "" when only MaxContact knows."""
    if chosen.list_id is None:
        return list_words(chosen.mapping) if isinstance(chosen, Run) else ""
    return name_list(chosen.list_id, LeadList.objects.filter(pk=chosen.list_id).values_list("name", flat=True).first())


def name_list(list_id: int, name: str | None) -> str:
    return f"{name} ({list_id})" if name else str(list_id)


def options_of(run: Run) -> dict[str, Any]:
    """What is sent with every part: the mapping's own options, then the run's, then the list; frozen with the parts."""
    if run.parts.exists():
        return {**run.options, LIST_OPTION: run.list_id} if run.list_id else run.options
    options = {**run.mapping.options, **run.options}
    list_id = run.list_id or run.mapping.list_id
    has_list = any(option.name == LIST_OPTION for option in platform_of(run.mapping.platform).options)
    return {**options, LIST_OPTION: list_id} if list_id and has_list else options
