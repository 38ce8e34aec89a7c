"""Pages of leads on their way in; under /imports/."""

from django.urls import path

from maxops.imports import mapping_views, views

app_name = "imports"
urlpatterns = [
    path("", views.show_runs, name="list"),
    path("new/", views.new_run, name="new"),
    path("<int:run_id>/", views.show_run, name="run"),
    path("<int:run_id>/state/", views.show_state, name="state"),
    path("<int:run_id>/send/", views.send_run, name="send"),
    path("<int:run_id>/recheck/", views.recheck_run, name="recheck"),
    path("<int:run_id>/parts/<int:number>/decide/", views.decide_part, name="decide"),
    path("<int:run_id>/cancel/", views.cancel_run, name="cancel"),
    path("<int:run_id>/rejects.csv", views.download_rejects, name="rejects"),
    path("mappings/", mapping_views.show_mappings, name="mappings"),
    path("mappings/new/", mapping_views.new_mapping, name="mapping_new"),
    path("mappings/<int:mapping_id>/", mapping_views.change_mapping, name="mapping"),
    path("answers/", mapping_views.show_answers, name="answers"),
    path("answers/<int:answer_id>/assign/", mapping_views.assign_answer, name="assign"),
]
