"""The pages for 403, 404 and 500: what happened in one sentence, and what to do next. No stack, no personal data."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views.decorators.csrf import requires_csrf_token


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # Only a sentence the view wrote for people; Django's own default is empty.
    return render(request, "403.html", {"sentence": str(exception or "")}, status=403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", {"path": request.path[:200]}, status=404)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without request or context processors: the database may be what has failed."""
    return HttpResponse(get_template("500.html").render(), status=500)
