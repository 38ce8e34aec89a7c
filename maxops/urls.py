"""Addresses: the console at /, the admin at /admin/, what remote systems post to at /callbacks/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("maxops.console.urls")),
    path("imports/", include("maxops.imports.urls")),
    path("callbacks/", include("maxops.imports.callback_urls")),
    path("emergency/", include("maxops.emergency.urls")),
    path("admin/", admin.site.urls),
]
handler403 = "maxops.console.errors.permission_denied"
handler404 = "maxops.console.errors.page_not_found"
handler500 = "maxops.console.errors.server_error"
