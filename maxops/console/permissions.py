"""Who is clicking and what they may do, read at each click in one query; Django's own backend asks three times."""

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db.models import Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Concat

NOBODY = -1


class Joined(Func):
    """All rows of a subquery as one text."""

    function = "GROUP_CONCAT"
    template = "%(function)s(%(expressions)s, ' ')"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="STRING_AGG", **context)


def granted() -> QuerySet[Permission]:
    """Permissions of the account of the outer query, its own and those of its groups: "app.codename app.codename"."""
    account = OuterRef(OuterRef("pk"))
    own = get_user_model().user_permissions.through.objects.filter(user=account)
    by_group = Group.permissions.through.objects.filter(group__user=account)
    rows = Permission.objects.order_by().filter(
        Q(pk__in=own.values("permission")) | Q(pk__in=by_group.values("permission"))
    )
    return rows.annotate(all=Joined(Concat("content_type__app_label", Value("."), "codename"))).values("all")


@cache
def question() -> tuple[str, tuple[Any, ...]]:
    """The query and its values, NOBODY where the account's id belongs. Putting it together takes longer than asking."""
    accounts = get_user_model()._default_manager.annotate(granted=Subquery(granted()))
    return accounts.filter(pk=NOBODY).query.sql_with_params()


class OneQueryBackend(ModelBackend):
    """Nothing is kept beyond the click, so that what was given or taken away counts at the next one."""

    def get_user(self, user_id: int) -> Any:
        query, values = question()
        asked = [user_id if value == NOBODY else value for value in values]
        account = next(iter(get_user_model()._default_manager.raw(query, asked)), None)
        if account is None or not self.user_can_authenticate(account):
            return None
        if not account.is_superuser:
            account._perm_cache = set((account.granted or "").split())
        return account
