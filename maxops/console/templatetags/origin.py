"""Where a reading or a write came from, in words: `{{ entry.source|source_words }}`."""

from django import template

register = template.Library()
WORDS = {
    "admin": "form",
    "bulk": "bulk action",
    "sync": "sync page",
    "page": "page",
    "save": "save",
    "command": "command line",
    "schedule": "schedule",
    "emergency": "emergency handle",
}


@register.filter
def source_words(source: str) -> str:
    return WORDS.get(source, source)
