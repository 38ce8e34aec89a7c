"""Names for skills, roles and plans, as people copy them from the Portal: kept here, never sent anywhere."""

from django.contrib import admin

from maxops.mirror.models import NamedId


@admin.register(NamedId)
class NamedIdAdmin(admin.ModelAdmin):
    list_display = ["name", "number", "register", "remark"]
    list_filter = ["register"]
    search_fields = ["name", "=number", "remark"]
    fields = ["register", "number", "name", "remark"]
    list_per_page = 100
    show_full_result_count = False
