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

    @property
    def questions(self) -> dict[str, tuple[str, ...]]:
        """Field -> as opened, in MaxContact now, yours; of the fields a page asks about."""
        rows = self.tree.xpath("//section[contains(@class, 'questions')]//tbody/tr")
        first, others = "normalize-space(td[1])", "normalize-space(td[{}]//strong)"
        return {
            row.xpath("normalize-space(th)"): tuple(
                row.xpath(path) for path in (first, others.format(2), others.format(3))
            )
            for row in rows
        }

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


class Bulk:
    """A bulk act as a person does it: mark, choose, and confirm where a page asks first."""

    def __init__(self, client: Client, model: type[Mirrored], action: str, *pks: int, **form: Any) -> None:
        self.client = client
        self.url = address(model, "changelist")
        self.follow(client.post(self.url, {"action": action, "_selected_action": pks, **form}, follow=True))

    def follow(self, answer: Any) -> "Bulk":
        assert answer.status_code == 200, answer
        if getattr(answer, "redirect_chain", None):
            self.url = answer.redirect_chain[-1][0]
        self.page = Form(self.client, self.url, answer.content.decode())
        return self

    def do(self, what: str, **parameters: Any) -> "Bulk":
        return self.follow(self.client.post(self.url, {"do": what, **parameters}, follow=True))

    def look(self, query: str = "") -> "Bulk":
        return self.follow(self.client.get(self.url + query))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.page.tree.get_element_by_id("content").itertext()).split())

    @property
    def lines(self) -> dict[str, tuple[str, str]]:
        """Name -> outcome and words, of the rows shown."""
        rows = self.page.tree.xpath("//*[@id='bulk']//table/tbody/tr[td[@data-label='Outcome']]")
        return {row.xpath("string(th)"): tuple(row.xpath(f"string(td[{n}])") for n in (1, 2)) for row in rows}
