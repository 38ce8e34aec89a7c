"""The demo's log-ins, whose passwords everybody knows, never come into an installation that people use."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

HERE = {"MAXOPS_PUBLIC_URL": "http://127.0.0.1:8000", "MAXCONTACT_URL": "http://localhost:8100"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mark", "changed", "said"),
    [
        ("", {}, "make demo"),
        ("0", {}, "make demo"),
        ("1", {"MAXOPS_PUBLIC_URL": "https://maxops.example.com"}, "MAXOPS_PUBLIC_URL"),
        ("1", {"MAXCONTACT_URL": "https://acme.maxcontact.com"}, "MAXCONTACT_URL"),
        ("1", {"MAXCONTACT_URL": "http://127.0.0.1.example.com"}, "MAXCONTACT_URL"),
        ("1", {"MAXCONTACT_URL": ""}, "MAXCONTACT_URL"),
    ],
)
def test_demo_refuses_a_real_installation(settings, monkeypatch, mark, changed, said):
    monkeypatch.setenv("MAXOPS_DEMO", mark)
    for name, value in {**HERE, **changed}.items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match=said):
        call_command("demo")
    assert not User.objects.exists()
