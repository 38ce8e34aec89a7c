"""The registers of what was sent out and what was read: looked at, never edited."""

from django.contrib import admin
from django.utils.safestring import SafeString

from maxops.mirror.columns import badge, change_table, seconds_shown
from maxops.mirror.models import Ledger, Reading
from maxops.mirror.read_only import ReadOnlyAdmin


@admin.register(Ledger)
class LedgerAdmin(ReadOnlyAdmin):
    list_display = ["sent_at", "staff", "operation", "subject", "outcome_badge", "answer"]
    list_filter = ["outcome", "source", "kind"]
    search_fields = ["staff", "operation", "subject", "answer"]
    fieldsets = [
        (None, {"fields": ["sent_at", "staff", "operation", "subject", "system", "kind", "remote_id"]}),
        ("From where", {"fields": ["source", "address"]}),
        ("What was sent", {"fields": ["change_table"]}),
        ("What came of it", {"fields": ["outcome_badge", "answer"]}),
    ]

    @admin.display(description="sent", ordering="at")
    def sent_at(self, entry: Ledger) -> str:
        return seconds_shown(entry.at)

    @admin.display(description="outcome", ordering="outcome")
    def outcome_badge(self, entry: Ledger) -> SafeString:
        return badge(entry.get_outcome_display(), entry.outcome_tone)

    @admin.display(description="changes")
    def change_table(self, entry: Ledger) -> SafeString:
        return change_table(entry)


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    list_display = ["begun_at", "kind", "state_badge", "read", "created", "changed", "missing", "seconds", "source"]
    list_display += ["message"]
    list_filter = ["kind", "state", "source", "dry_run"]

    @admin.display(description="begun", ordering="started_at")
    def begun_at(self, reading: Reading) -> str:
        return seconds_shown(reading.started_at)

    @admin.display(description="state", ordering="state")
    def state_badge(self, reading: Reading) -> SafeString:
        return badge(reading.get_state_display(), reading.state_tone)
