"""Addresses that only take a pressed button: whoever opens one by its address finds the way back."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

# The page that a button was on, by what its address names.
PAGES = {"run_id": ("imports:run", "Back to the upload"), "mapping_id": ("imports:mapping", "Back to the mapping")}
OTHER_PAGES = {"answer_id": ("imports:answers", "Reports received"), "upload_id": ("imports:new", "Upload leads")}
NOT_ALLOWED = 405

View = Callable[..., HttpResponseBase]


def button_only(view: View) -> View:
    """As Django's require_POST, with a page to read instead of an empty one."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if request.method == "POST":
            return view(request, *args, **named)
        address, words = way_back(named)
        context = {"address": address, "words": words}
        return render(request, "imports/button_only.html", context, status=NOT_ALLOWED)

    return answer


def way_back(named: dict[str, Any]) -> tuple[str, str]:
    for name, value in named.items():
        if name in PAGES:
            page, words = PAGES[name]
            return reverse(page, args=[value]), words
        if name in OTHER_PAGES:
            page, words = OTHER_PAGES[name]
            return reverse(page), words
    return reverse("imports:list"), "All imports"
