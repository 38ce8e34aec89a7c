"""Whose address the audit names, with and without proxies in front."""

import pytest
from django.contrib.auth import get_user_model

from maxops.mirror.author import Author, author_of


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 192.0.2.7", "203.0.113.9"),
        (2, "2001:db8::5", "2001:db8::5"),
        (1, "<script>", None),
        (1, None, None),
    ],
)
def test_address_is_the_one_our_own_proxy_saw(proxies, header, address, rf, settings):
    settings.MAXOPS_PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": header} if header else {}, REMOTE_ADDR="192.0.2.1")
    request.user = get_user_model()(username="m.naidu")
    assert author_of(request, "bulk") == Author("m.naidu", "bulk", address)
