"""Changelists as a manager opens them, through the whole stack in process: milliseconds and queries of every page."""

import json
import sys
import time
from typing import Any

from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from bench.ways.filling import manager
from maxops.mirror.models import mirrored_models

# Words with as many rows on the first page at any size, one row, two words that go together, and no row.
SEARCHES = {"users": ("castle", "agent000500", "zoë park", "xyzzy")}
# Looked at once a second for all pages of a process: how old the list is, names in the registers, the emergency bar.
SHARED = ("mirror_reading", "mirror_namedid", "emergency_event")
OTHER_SEARCHES = ("castle", "000500", "castle 000500", "xyzzy")


def wait_for_calls(kinds: list[str]) -> dict[str, Any]:
    """Says which pages there are, then looks at each one it is told, so that two tables can take turns page by page."""
    client = manager()
    addresses = {kind: address_of(kind) for kind in kinds}
    pages = {kind: pages_of(site._registry[mirrored_models()[kind]], addresses[kind]) for kind in kinds}
    print(json.dumps(pages), flush=True)
    for line in sys.stdin:
        kind, page = json.loads(line)
        print(json.dumps(look(client, addresses[kind] + pages[kind][page])), flush=True)
    return {}


def address_of(kind: str) -> str:
    meta = mirrored_models()[kind]._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def pages_of(admin: ModelAdmin, address: str) -> dict[str, str]:
    """Every page a person can reach by one click or one search from the first, as the query that opens it."""
    changelist = first_of(admin, address)
    last = changelist.paginator.num_pages
    pages = {"first": "", "deep: last page": f"?p={last}", "deep: in the middle": f"?p={last // 2 or 1}"}
    for number, header in enumerate(result_headers(changelist)):
        if header.get("sortable"):
            place = number if "action_checkbox" in changelist.list_display else number + 1
            pages[f"sort: {header['text']}"] = f"?o={place}"
            pages[f"sort: {header['text']}, downwards"] = f"?o=-{place}"
    for spec in changelist.filter_specs:
        for choice in list(spec.choices(changelist))[1:]:
            pages[f"filter: {spec.title} {choice['display']}"] = choice["query_string"]
    for words in SEARCHES.get(admin.model.kind(), OTHER_SEARCHES):
        pages[f"search: {words}"] = "?q=" + words.replace(" ", "+")
    return pages


def first_of(admin: ModelAdmin, address: str) -> ChangeList:
    request = RequestFactory().get(address)
    request.user = get_user_model().objects.get(username="bench.manager")
    return admin.get_changelist_instance(request)


def look(client: Client, address: str) -> dict[str, float]:
    spent = {"queries": 0, "own_queries": 0, "database_ms": 0.0}

    def count(execute: Any, sql: str, *words: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, *words)
        finally:
            spent["queries"] += 1
            spent["own_queries"] += not any(f'FROM "{table}"' in sql for table in SHARED)
            spent["database_ms"] += (time.perf_counter() - started) * 1000

    with connection.execute_wrapper(count):
        started = time.perf_counter()
        answer = client.get(address)
        taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise ValueError(f"{address} answered {answer.status_code}")
    return {"ms": taken, **spent}
