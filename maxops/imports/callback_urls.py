"""The address platforms post to; under /callbacks/."""

from django.urls import path

from maxops.imports import callbacks

app_name = "callbacks"
urlpatterns = [path("<slug:platform>/<str:secret>/", callbacks.receive, name="receive")]
