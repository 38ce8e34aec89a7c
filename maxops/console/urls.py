"""The console's addresses: the board, sync, audit, accounts, health."""

from django.contrib.auth import views as auth
from django.urls import path

from maxops.console import audit_views, health, history, sync_views, views

urlpatterns = [
    path("", views.board, name="board"),
    path("board/rows/", views.board_rows, name="board_rows"),
    path("board/read/", views.read_again, name="board_read"),
    path("sync/", sync_views.show_sync, name="sync"),
    path("sync/live/", sync_views.sync_live, name="sync_live"),
    path("sync/history/", history.show_history, name="sync_history"),
    path("sync/<slug:kind>/read/", sync_views.ask_reading, name="sync_read"),
    path("sync/<int:reading_id>/", sync_views.show_reading, name="sync_reading"),
    path("sync/<int:reading_id>/live/", sync_views.reading_live, name="sync_reading_live"),
    path("sync/<int:reading_id>/apply/", sync_views.apply_reading, name="sync_apply"),
    path("sync/<int:reading_id>/accept/", sync_views.accept_loss, name="sync_accept"),
    path("audit/", audit_views.show_audit, name="audit"),
    path("audit/entries.csv", audit_views.download_audit, name="audit_download"),
    path("accounts/login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]
