"""How large a request may be before it is read: only people who may upload leads fill our disk, and with leads alone.

Django would write whatever anybody posts to a temporary file while it looks for the form's CSRF token.
"""

from collections.abc import Callable

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.http import HttpRequest, HttpResponse

from maxops.imports.disk import NoRoom, require_room

FORM_LIMIT = 5_000_000  # bytes; the largest form of ours is an admin action over a long selection
FRAME_OF_UPLOAD = 1_000_000  # what a form carries around its file
UPLOAD_PATH = "/imports/new/"
PIECES_PATH = "/imports/uploads/"  # a piece of a lead file and nothing around it
PIECE_LIMIT = 8_100_000
CALLBACKS = "/callbacks/"  # has a limit of its own and takes chunked bodies

Responder = Callable[[HttpRequest], HttpResponse]


class BodyLimits:
    """After the session, before whatever reads the body."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(CALLBACKS):
            return self.get_response(request)
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return refusal(411, "Send the request with its length: a body in chunks is not taken here.")
        size = announced_size(request)
        if size is None:
            return refusal(400, "The length of the request is not a number.")
        if size > FORM_LIMIT and size > limit_of(request):
            return refusal(413, "This is more than is taken here. Nothing was stored; go back and send less.")
        if size > FORM_LIMIT and request.path_info == UPLOAD_PATH:
            try:
                require_room(apps.get_app_config("imports").form_files_folder, size)
            except NoRoom as error:
                return refusal(507, f"{error} Go back: what was typed is still there.")
        return self.get_response(request)


def announced_size(request: HttpRequest) -> int | None:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def limit_of(request: HttpRequest) -> int:
    """Bytes of one request; who asks is looked up only for those larger than any form."""
    is_piece = request.path_info.startswith(PIECES_PATH)
    if (is_piece or request.path_info == UPLOAD_PATH) and may_upload(request):
        return PIECE_LIMIT if is_piece else settings.MAXOPS_UPLOAD_LIMIT + FRAME_OF_UPLOAD
    return FORM_LIMIT


def may_upload(request: HttpRequest) -> bool:
    return SESSION_KEY in request.session and get_user(request).has_perm("imports.add_run")


def refusal(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
