"""How old a reading is: `{{ when|age }}`. The page's script keeps it ticking; without it the words stay as drawn."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (float("inf"), 86_400, "d"))


def age_in_words(seconds: float) -> str:
    seconds = max(0, int(seconds))
    size, unit = next((size, unit) for limit, size, unit in STEPS if seconds < limit)
    return f"{seconds // size} {unit} ago"


@register.filter
def age(when: datetime | None) -> str | SafeString:
    if when is None:
        return "never"
    return format_html(
        '<time datetime="{}" title="{}" data-age>{}</time>',
        when.isoformat(timespec="seconds"),
        f"{timezone.localtime(when):%d %b %Y, %H:%M:%S}",
        age_in_words((timezone.now() - when).total_seconds()),
    )
