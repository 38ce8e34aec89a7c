"""`manage.py emergency`: the words and exit codes of the contract, with the database there, locked, and away."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from maxops.emergency import journal, records, service
from maxops.emergency.models import Event, State
from maxops.emergency.service import Press
from maxops.sandbox.server import Sandbox
from tests.conftest import LOGIN, PASSWORD
from tests.emergency.conftest import DISABLE, ENABLE, disables, enables, running_ids

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "state",
    "requested_at",
    "accepted_at",
    "by",
    "reason",
    "running_before",
    "confirmed_stopped",
    "still_running",
    "seconds",
}


def run(*words: str) -> tuple[dict, int]:
    out = StringIO()
    try:
        call_command("emergency", *words, "--json", stdout=out)
    except CommandError as error:
        return json.loads(out.getvalue()), error.returncode
    return json.loads(out.getvalue()), 0


def shell(sandbox: Sandbox, folder: Path, database: str, *words: str) -> subprocess.CompletedProcess:
    """The command as a person types it, in a process of its own."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "maxops.settings",
        "DATABASE_URL": database,
        "MAXOPS_DATA_DIR": str(folder),
        "MAXCONTACT_URL": sandbox.url,
        "MAXCONTACT_LOGIN": LOGIN,
        "MAXCONTACT_PASSWORD": PASSWORD,
        "MAXOPS_EMERGENCY_SECONDS": "5",
    }
    call = [sys.executable, "manage.py", "emergency", *words]
    return subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.django_db
def test_on_answers_the_contract(connected):
    ran = running_ids(connected)
    answer, code = run("on", "--reason", "Wrong data dialled", "--as", "j.smith")
    assert code == 0
    assert set(answer) >= KEYS
    assert answer["state"] == "on"
    assert answer["by"] == "j.smith"
    assert answer["reason"] == "Wrong data dialled"
    assert answer["running_before"] == answer["confirmed_stopped"] == len(ran)
    assert answer["still_running"] == []
    assert answer["seconds"] > 0
    assert enables(connected) == 1


@pytest.mark.django_db
def test_on_waits_for_campaigns_that_stop_late(connected):
    connected.state.stop_after = 1.5
    answer, code = run("on", "--reason", "Test")
    assert (answer["state"], code) == ("on", 0)
    assert answer["seconds"] > 1


@pytest.mark.django_db
def test_on_names_what_runs_still_and_fails(connected, settings, capsys):
    settings.MAXOPS_EMERGENCY_SECONDS = 1
    stubborn = running_ids(connected)[0]
    connected.state.stubborn = {stubborn}
    answer, code = run("on", "--reason", "Test")
    assert (answer["state"], code) == ("on_not_confirmed", 1)
    assert [row["id"] for row in answer["still_running"]] == [stubborn]
    assert set(answer["still_running"][0]) == {"id", "name"}
    assert answer["running_before"] == answer["confirmed_stopped"] + 1


@pytest.mark.django_db
def test_refused_on_fails_with_words(connected):
    connected.faults.add(ENABLE, "success_false")
    answer, code = run("on", "--reason", "Test")
    assert (answer["state"], code) == ("failed", 1)
    assert answer["message"]


@pytest.mark.django_db
def test_off_and_status_tell_what_was_last_sent(connected):
    assert run("status")[0]["state"] == "off"
    run("on", "--reason", "Test", "--as", "j.smith")
    assert run("status")[0]["state"] == "on"
    answer, code = run("off", "--reason", "Over", "--as", "a.jones")
    assert (answer["state"], answer["released_by"], code) == ("off", "a.jones", 0)
    assert (answer["by"], answer["reason"]) == ("a.jones", "Over")
    assert (answer["pull"]["by"], answer["pull"]["reason"]) == ("j.smith", "Test")
    assert disables(connected) == 1
    assert run("status") == (answer, 0)


@pytest.mark.django_db
def test_off_without_an_answer_fails(connected):
    connected.faults.add(DISABLE, "drop_after")
    answer, code = run("off", "--reason", "Over")
    assert (answer["state"], code) == ("standing_down", 1)


@pytest.mark.django_db
def test_drill_is_a_drill(connected):
    answer, code = run("drill", "--reason", "Monthly")
    assert (answer["state"], code) == ("drill", 0)
    assert answer["running_before"] == len(running_ids(connected))
    assert enables(connected) == 0
    assert run("status")[0]["state"] == "off"


@pytest.mark.django_db
def test_text_for_people_names_state_and_figures(connected):
    out = StringIO()
    call_command("emergency", "on", "--reason", "Evacuation", stdout=out)
    assert "On, confirmed" in out.getvalue()
    assert "Evacuation" in out.getvalue()


def test_wrong_words_are_two(connected, tmp_path):
    assert shell(connected, tmp_path, "sqlite:///unused.sqlite3", "maybe").returncode == 2


@pytest.mark.parametrize("database", ["postgres://nobody@127.0.0.1:9/none", "sqlite:////proc/maxops.sqlite3"])
def test_on_works_without_any_database(connected, tmp_path, database):
    ran = running_ids(connected)
    done = shell(connected, tmp_path, database, "on", "--reason", "Evacuation", "--as", "j.smith", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert answer["state"] == "on"
    assert answer["running_before"] == answer["confirmed_stopped"] == len(ran)
    assert enables(connected) == 1
    status = json.loads(shell(connected, tmp_path, database, "status", "--json").stdout)
    assert (status["state"], status["by"], status["reason"]) == ("on", "j.smith", "Evacuation")
    off = shell(connected, tmp_path, database, "off", "--json")
    assert (json.loads(off.stdout)["state"], off.returncode) == ("off", 0)
    assert disables(connected) == 1


def test_what_happened_without_a_database_is_taken_over_later(connected, tmp_path, settings, transactional_db):
    shell(connected, tmp_path, "postgres://nobody@127.0.0.1:9/none", "on", "--reason", "Evacuation", "--as", "j.smith")
    settings.DATA_DIR = tmp_path
    event = records.look_up()
    assert (event.state, event.by) == (State.ON, "j.smith")
    kept = Event.objects.get()
    assert kept.reason == "Evacuation"
    assert {"press", "call", "reading"} <= set(kept.steps.values_list("what", flat=True))
    assert not journal.pending()


def test_locked_database_does_not_hold_the_call(connected, tmp_path):
    """Another process sits on the file's write lock for as long as the pull takes."""
    file = tmp_path / "locked.sqlite3"
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "maxops.settings", "DATABASE_URL": f"sqlite:///{file}"}
    migrate = [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"]
    subprocess.run(migrate, cwd=ROOT, env={**settings, "MAXOPS_DATA_DIR": str(tmp_path)}, check=True, timeout=120)
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    began = time.time()
    done = shell(connected, tmp_path, f"sqlite:///{file}", "on", "--reason", "Test", "--json")
    lock.execute("ROLLBACK")
    lock.close()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "on"
    assert connected.journal.find("POST", ENABLE)[0]["time"] - began < 5  # most of it is Django's own start


@pytest.mark.django_db
def test_unwritable_journal_does_not_hold_the_call(connected, settings):
    settings.DATA_DIR = "/proc/nowhere"
    event = service.pull(Press(by="h.keeper"))
    assert event.state == State.ON
    assert Event.objects.get().state == State.ON
    assert enables(connected) == 1
