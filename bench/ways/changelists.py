"""Changelists as a manager opens them, through the whole stack in process: milliseconds and queries of every page."""

import time
from collections import defaultdict
from statistics import median
from typing import Any

from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from bench.ways.filling import manager
from maxops.mirror.models import Mirrored, mirrored_models

# Words with as many rows on the first page at any size, one row, two words that go together, and no row.
SEARCHES = {"users": ("castle", "agent000500", "zoë park", "xyzzy")}
OTHER_SEARCHES = ("castle", "000500", "castle 000500", "xyzzy")


def walk(kinds: list[str], repeats: int) -> dict[str, Any]:
    """{kind: {page: {"ms", "database_ms", "queries", "own_queries"}}}; the first look at each page is not counted."""
    client = manager()
    return {"pages": {kind: walk_kind(client, mirrored_models()[kind], repeats) for kind in kinds}}


def walk_kind(client: Client, model: type[Mirrored], repeats: int) -> dict[str, Any]:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    pages = pages_of(site._registry[model], address)
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    for turn in range(repeats + 1):
        for name, query in pages.items():
            looked = look(client, address + query)
            if turn:
                found[name].append(looked)
    return {name: summed(looks) for name, looks in found.items()}


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
    spent = {"queries": 0, "database_ms": 0.0}

    def count(execute: Any, *words: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*words)
        finally:
            spent["queries"] += 1
            spent["database_ms"] += (time.perf_counter() - started) * 1000

    with connection.execute_wrapper(count):
        started = time.perf_counter()
        answer = client.get(address)
        taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise ValueError(f"{address} answered {answer.status_code}")
    return {"ms": taken, **spent}


def summed(looks: list[dict[str, float]]) -> dict[str, float]:
    """Some looks are shared by all pages of a second, so the fewest queries of a page are its own."""
    return {
        "ms": median(look["ms"] for look in looks),
        "database_ms": median(look["database_ms"] for look in looks),
        "queries": max(look["queries"] for look in looks),
        "own_queries": min(look["queries"] for look in looks),
    }
