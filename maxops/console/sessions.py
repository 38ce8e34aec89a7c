"""Log-in asked for everywhere, and somebody whose session ended in the middle of a press is told what became of it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

ASKING = ("GET", "HEAD", "OPTIONS")


class SessionMiddleware(LoginRequiredMiddleware):
    """In place of Django's own: a POST that met no session says so on the log-in page, and leads back to its page."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        if request.method in ASKING:
            return super().handle_no_permission(request, view_func)
        query = {self.get_redirect_field_name(view_func) or "next": page_of(request), "ended": "1"}
        return HttpResponseRedirect(f"{resolve_url(self.get_login_url(view_func))}?{urlencode(query)}")


def page_of(request: HttpRequest) -> str:
    """The page the press came from: what it was sent to may answer no plain visit."""
    referrer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referrer, {request.get_host()}):
        return resolve_url("board")
    return urlsplit(referrer)._replace(scheme="", netloc="", fragment="").geturl() or "/"
