"""Addresses of the emergency page; whatever changes something is a POST."""

from django.urls import path

from maxops.emergency import views

app_name = "emergency"
urlpatterns = [
    path("", views.page, name="page"),
    path("bar/", views.bar, name="bar"),
    path("progress/", views.progress, name="progress"),
    path("read/", views.read, name="read"),
    path("on/", views.on, name="on"),
    path("off/", views.off, name="off"),
    path("drill/", views.drill, name="drill"),
]
