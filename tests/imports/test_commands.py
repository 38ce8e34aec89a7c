"""The commands to the letter of the contract: JSON on standard output, exit codes 0, 1, 2."""

import csv
import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from maxops.imports.models import Mapping, Run
from tests.leadfiles import MAPPING_WORDS, register_mapping, write_planted


def run_command(capsys, *words: str) -> tuple[int, dict]:
    """Exit code and what was printed as JSON."""
    code = 0
    try:
        call_command(*words, "--json")
    except CommandError as error:
        code = error.returncode
    except SystemExit as stop:
        code = stop.code
    out = capsys.readouterr().out
    return code, json.loads(out) if out else {}


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def test_mapping_add_and_list(transactional_db, capsys):
    code, answer = run_command(capsys, *MAPPING_WORDS)
    assert code == 0
    assert set(answer) >= {"id", "name", "platform", "callback_url"}
    assert run_command(capsys, *MAPPING_WORDS) == (0, answer)
    assert run_command(capsys, "mapping", "list") == (0, [answer])
    code, _ = run_command(capsys, "mapping", "add", "Planted", "--columns", "phone,other")
    assert code == 2
    assert Mapping.objects.count() == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--platform", "nobody", "--columns", "phone"],
        ["--columns", "a,b"],
        ["--columns", "phone", "--field", "phone"],
        ["--columns", "phone", "--field", "other=phone"],
        ["--columns", "phone", "--field", "phone=elsewhere"],
        ["--columns", "phone", "--option", "Nonsense=1"],
        ["--columns", "phone", "--option", "Dedupe=perhaps"],
    ],
)
def test_mapping_add_refuses_wrong_words_with_2(transactional_db, capsys, words):
    assert run_command(capsys, "mapping", "add", "X", *words)[0] == 2
    assert not Mapping.objects.exists()


def test_mapping_options_are_kept_and_the_list_apart(transactional_db, capsys):
    words = ["mapping", "add", "X", "--columns", "phone", "--option", "dedupe=yes", "--option", "ListId=7"]
    assert run_command(capsys, *words)[0] == 0
    mapping = Mapping.objects.get()
    assert (mapping.options, mapping.list_id) == ({"Dedupe": True}, 7)


def test_mapping_required_columns_and_region_are_kept_as_version_1(transactional_db, capsys):
    words = ["mapping", "add", "X", "--columns", "phone,Customer Ref", "--required", "customer ref", "--region", "ie"]
    code, answer = run_command(capsys, *words)
    assert (code, answer["required"], answer["region"]) == (0, ["Customer Ref"], "IE")
    assert run_command(capsys, *words) == (0, answer)
    (version,) = Mapping.objects.get().versions.all()
    assert (version.number, version.staff.startswith("command line")) == (1, True)
    for wrong in (["--required", "nowhere"], ["--region", "XX"]):
        assert run_command(capsys, "mapping", "add", "Y", "--columns", "phone", *wrong)[0] == 2


def test_upload_without_wait_leaves_the_run_waiting(mapping, planted, capsys, letter_box):
    code, state = run_command(capsys, "upload", str(planted.path), "--mapping", "Planted")
    assert (code, state["state"], state["sent"]) == (0, "waiting", 1000)
    letter_box.hand_over()
    code, state = run_command(capsys, "run", str(state["run"]), "--wait", "5")
    assert (code, state["state"], state["accepted"]) == (0, "finished_with_rejects", 960)


def test_upload_that_waits_in_vain_is_incomplete(mapping, planted, capsys):
    code, state = run_command(capsys, "upload", str(planted.path), "--mapping", "Planted", "--wait", "0.4")
    assert (code, state["state"]) == (1, "waiting")


def test_upload_with_list_options_and_held_back_rows(mapping, planted, capsys, connected):
    words = ["--list", "2", "--option", "CheckDnc=false", "--held-back", "drop"]
    code, state = run_command(capsys, "upload", str(planted.path), "--mapping", "Planted", *words)
    assert (code, state["held_back"], state["sent"]) == (0, 24, 976)
    entry = next(entry for entry in connected.journal.entries if entry.get("upload"))
    assert json.loads(entry["upload"]["options"]) == {"ListId": 2, "CheckDnc": False}


def test_upload_that_fails_says_so_with_1(mapping, planted, capsys, connected, tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n", "utf-8")
    code, state = run_command(capsys, "upload", str(wrong), "--mapping", "Planted")
    assert (code, state["state"]) == (1, "failed")
    connected.faults.add("ImportCsvFiles", "drop_after")
    code, state = run_command(capsys, "upload", str(planted.path), "--mapping", "Planted")
    assert (code, state["unknown"]) == (1, 1000)


@pytest.mark.parametrize(
    "words",
    [
        ["upload", "missing.csv", "--mapping", "Planted"],
        ["upload", __file__, "--mapping", "Nobody"],
        ["upload", __file__, "--mapping", "Planted", "--option", "Dedupe"],
        ["upload", __file__, "--mapping", "Planted", "--list", "0"],
        ["run", "999"],
        ["rejects", "999", "--output", "x.csv"],
    ],
)
def test_wrong_words_are_2(mapping, capsys, words):
    assert run_command(capsys, *words)[0] == 2
    assert not Run.objects.exists()


def test_rejects_writes_the_rows_it_counts(mapping, planted, capsys, letter_box, tmp_path):
    run_command(capsys, "upload", str(planted.path), "--mapping", "Planted")
    letter_box.hand_over()
    output = tmp_path / "rejects.csv"
    run = Run.objects.get()
    assert run_command(capsys, "rejects", str(run.pk), "--output", str(output)) == (
        0,
        {"rows": 40, "file": str(output), "doubt": ""},
    )
    with output.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["maxops_line"]): row["maxops_reason"] for row in rows} == planted.faults


def test_plain_text_is_for_people(mapping, planted, capsys):
    with suppress(SystemExit):
        call_command("upload", str(planted.path), "--mapping", "Planted")
    out = capsys.readouterr().out
    assert "Waiting for MaxContact" in out
    assert "rows 1,000" in out


@pytest.mark.parametrize("response_format", ["xml", "json"])
def test_whole_job_with_a_web_server_beside(installation, sandbox, tmp_path, response_format):
    """Real processes: the command uploads and waits, the web server takes the report, the command finds it."""
    added = installation.json(*MAPPING_WORDS, "--response-format", response_format)
    sandbox.state.leads = type(sandbox.state.leads)()
    sandbox.state.dnc.clear()
    register_mapping(sandbox, added["callback_url"], response_format)
    planted = write_planted(sandbox, tmp_path / "planted.csv")
    installation.start("web")
    state = installation.json("upload", str(planted.path), "--mapping", "Planted", "--wait", "60")
    assert (state["state"], state["accepted"]) == ("finished_with_rejects", 960)
    assert set(state["rejected"].values()) == {8}


def test_file_that_was_sent_before_is_sent_again_and_said_so(mapping, planted, capsys, connected):
    words = ["upload", str(planted.path), "--mapping", "Planted"]
    _, first = run_command(capsys, *words)
    call_command(*words, "--json")
    said = capsys.readouterr()
    assert f"This very file was sent before: run {first['run']} on " in said.err
    state = json.loads(said.out)
    assert "same_file" in {finding["kind"] for finding in state["findings"]}
    assert (state["state"], len(connected.state.uploads)) == ("waiting", 2)
