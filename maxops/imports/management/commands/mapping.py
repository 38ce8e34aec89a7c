"""`manage.py mapping add|list`: the import mappings (contract section 3)."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from maxops.imports import versions
from maxops.imports.errors import WrongValue
from maxops.imports.mapping import find_faults, guess_fields, platform_of, read_options, split_list
from maxops.imports.models import Mapping
from maxops.imports.reader import plain
from maxops.imports.regions import NAMES


class Command(BaseCommand):
    help = "Adds or lists import mappings. They cannot be read from MaxContact."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="adds a mapping and prints its callback address")
        add.add_argument("name", help="exactly as in MaxContact's Import API Mapping")
        add.add_argument("--platform", default="maxcontact", metavar="SLUG")
        add.add_argument("--columns", required=True, help="the CSV columns, in order: a,b,c")
        add.add_argument("--field", action="append", default=[], metavar="COLUMN=TARGET")
        add.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
        add.add_argument("--list", type=int, default=None, metavar="ID", help="left out: chosen at upload")
        add.add_argument("--required", default="", help="columns that no row may leave empty: a,b")
        add.add_argument("--region", default="", metavar="CODE", help="whose phone numbers these are, as GB")
        add.add_argument("--response-format", choices=["xml", "json"], default="xml")
        for subparser in (add, actions.add_parser("list", help="lists all mappings")):
            subparser.add_argument("--json", action="store_true", help="one JSON value on standard output")

    def handle(self, **options: Any) -> None:
        if options["action"] == "list":
            answer = [describe_mapping(mapping) for mapping in Mapping.objects.all()]
        else:
            try:
                answer = describe_mapping(add_mapping(options))
            except WrongValue as error:
                raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        for mapping in [answer] if isinstance(answer, dict) else answer:
            self.stdout.write(f"{mapping['name']} ({mapping['platform']}), callback address: {mapping['callback_url']}")


def describe_mapping(mapping: Mapping) -> dict[str, Any]:
    return {
        "id": mapping.pk,
        "name": mapping.name,
        "platform": mapping.platform,
        "columns": mapping.columns,
        "fields": mapping.fields,
        "list": mapping.list_id,
        "options": mapping.options,
        "required": mapping.required,
        "region": mapping.region,
        "response_format": mapping.response_format,
        "callback_url": mapping.callback_url,
    }


def add_mapping(words: dict[str, Any]) -> Mapping:
    """The new mapping; one of the same name with the same definition is returned as it is."""
    platform = platform_of(words["platform"])
    columns = split_names(words["columns"])
    fields = read_pairs(words["field"], "--field") or guess_fields(platform, columns)
    options, list_id = split_list(read_options(platform, read_pairs(words["option"], "--option")))
    if faults := find_faults(platform, columns, fields):
        raise WrongValue(" ".join(faults))
    definition = {
        "columns": columns,
        "fields": fields,
        "options": options,
        "list_id": words["list"] or list_id,
        "response_format": words["response_format"],
        "required": read_required(words["required"], columns),
        "region": read_region(words["region"]),
    }
    with transaction.atomic():
        name = words["name"].strip()
        mapping = Mapping.objects.filter(platform=words["platform"], name=name).first()
        if mapping is None:
            mapping = Mapping(platform=words["platform"], name=name, **definition)
            versions.keep(mapping, f"command line ({getpass.getuser()})")
    if any(getattr(mapping, name) != value for name, value in definition.items()):
        raise WrongValue(f"There is a mapping '{mapping.name}' already, and it is defined differently.")
    return mapping


def split_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def read_required(text: str, columns: list[str]) -> list[str]:
    spelling = {plain(column): column for column in columns}
    names = split_names(text)
    if unknown := [name for name in names if plain(name) not in spelling]:
        raise WrongValue(f"--required names {', '.join(unknown)}; the columns are {', '.join(columns)}.")
    return [spelling[plain(name)] for name in names]


def read_region(text: str) -> str:
    code = text.strip().upper()
    if code and code not in NAMES:
        raise WrongValue(f"--region is a country such as GB, not '{text}'.")
    return code


def read_pairs(pairs: list[str], option: str) -> dict[str, str]:
    split = [pair.rpartition("=") if option == "--field" else pair.partition("=") for pair in pairs]
    if wrong := next((pair for pair, parts in zip(pairs, split, strict=True) if not parts[1] or not parts[0]), None):
        raise WrongValue(f"{option} is written NAME=VALUE, not '{wrong}'.")
    return {name.strip(): value.strip() for name, _, value in split}
