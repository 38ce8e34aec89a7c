"""A manager at the admin's pages: opens a form, changes what is named, sends it the way a browser would."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from lxml import html

from maxops.mirror.models import Mirrored

KINDS = Q(content_type__app_label__in=["campaigns", "lists", "teams", "users", "mirror"])


def client_of(login: str, *verbs: str) -> Client:
    """Somebody logged in who may view, add, change ... everything mirrored."""
    staff = get_user_model().objects.create_user(login, is_staff=True)
    for verb in verbs:
        staff.user_permissions.add(*Permission.objects.filter(KINDS, codename__startswith=f"{verb}_"))
    client = Client()
    client.force_login(staff)
    return client


def address(model: type[Mirrored], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


class Form:
    """One drawn form; `send` posts all of it with the given fields changed."""

    def __init__(self, client: Client, url: str, text: str | None = None) -> None:
        self.client = client
        self.url = url
        self.text = text if text is not None else self._get()
        self.tree = html.fromstring(self.text)
        self.values = dict(self._form().form_values()) if self._form() is not None else {}

    def _get(self) -> str:
        answer = self.client.get(self.url)
        assert answer.status_code == 200, answer
        return answer.content.decode()

    def _form(self) -> Any:
        return next((form for form in self.tree.forms if (form.get("id") or "").endswith("_form")), None)

    @property
    def errors(self) -> str:
        return " ".join(" ".join(node.itertext()) for node in self.tree.find_class("errorlist"))

    @property
    def messages(self) -> str:
        return " ".join(" ".join(" ".join(node.itertext()).split()) for node in self.tree.find_class("messagelist"))

    def send(self, **changes: Any) -> "Form":
        """The page that comes back: the same form with its errors, or the page after the redirect."""
        values = {name: value for name, value in (self.values | changes).items() if value is not None}
        answer = self.client.post(self.url, {"_continue": "1", **values}, follow=True)
        assert answer.status_code == 200, answer
        url = answer.redirect_chain[-1][0] if answer.redirect_chain else self.url
        page = Form(self.client, url, answer.content.decode())
        page.redirected = bool(answer.redirect_chain)
        return page

    redirected = False
