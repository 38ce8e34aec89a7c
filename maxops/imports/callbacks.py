"""Where platforms post results: the secret is checked, the body stored, the work queued. Nothing is read here.

S000, "Response When Bulk Imports Complete". The secret in the address is all there is: no signature is documented.
"""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from maxops.celery import enqueue
from maxops.imports.answers import BODY_LIMIT, find_mapping, store_answer
from maxops.imports.errors import BodyTooLarge
from maxops.imports.tasks import settle_answer

BLOCK = 1 << 16


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, platform: str, secret: str) -> HttpResponse:
    """200 once the body is safely on disk; the same body again is harmless."""
    mapping = find_mapping(platform, secret)
    if mapping is None:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_LIMIT:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    try:
        answer, is_news = store_answer(mapping, read_blocks(request))
    except BodyTooLarge:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    if is_news:
        enqueue(settle_answer, answer.pk)
    return HttpResponse("Stored.", content_type="text/plain")


def read_blocks(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes. Django does not see a chunked one, which .NET likes to send; the server's stream does."""
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    stream = request.META["wsgi.input"] if chunked and request.META.get("wsgi.input_terminated") else request
    while block := stream.read(BLOCK):
        yield block
