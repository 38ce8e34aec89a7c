"""Each way in which MaxContact may say no, or nothing: what the run says, what is certain, what may be sent again."""

import pytest

from maxops.imports import bookings, delivery, outages, planning
from maxops.imports.models import Part
from tests.imports.uploading import assert_adds_up, check, upload
from tests.leadfiles import ROWS, write_planted
from tests.remote.scripted import cuts_short, drops, gives_token, says, scripted

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"
TAKEN = says({"Success": True, "Errors": [], "ImportIDs": [7]})


def severe(code, words: str = "Words of theirs", **more) -> dict:
    error = {"ErrorCode": code, "ErrorSeverity": "Severe", "ErrorText": words}
    return {"Success": False, "Errors": [error], **more}


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def sent_to(server, planted, mapping, settings) -> dict:
    """The run after it was sent to this server, on which nothing may arrive twice."""
    settings.MAXCONTACT_URL = server.url
    run = upload(planted.path, mapping)
    delivery.deliver(run.pk)  # whoever looks again must not send again
    return assert_adds_up(run)


# The answer to the upload; the run's state; not attempted or unknown; words on the page.
ANSWERS = {
    "NoMapFound": (says(severe("NoMapFound")), "failed", "not_attempted", ("no import mapping", "Words of theirs")),
    "NoMapMatch": (says(severe("NoMapMatch")), "failed", "not_attempted", ("do not fit", "correct the mapping")),
    "NoMapMatch by number": (says(severe(9)), "failed", "not_attempted", ("do not fit", "Words of theirs")),
    "FileMissing": (says(severe("FileMissing")), "failed", "not_attempted", ("found no file", "Words of theirs")),
    "FileWriteError": (says(severe("FileWriteError")), "failed", "not_attempted", ("could not store", "Try again")),
    "GeneralError": (says(severe("GeneralError")), "failed", "not_attempted", ("declined", "Words of theirs")),
    "an unlisted code": (says(severe("LicenceExpired")), "failed", "not_attempted", ("declined", "Words of theirs")),
    "not severe, but no file": (
        says({"Success": False, "Errors": [{"ErrorCode": "NoMapFound", "ErrorSeverity": "Warning", "ErrorText": "x"}]}),
        "failed",
        "not_attempted",
        ("no import mapping",),
    ),
    "DBError": (says(severe("DBError")), "waiting", "unknown", ("not known", "Words of theirs")),
    "CommsError": (says(severe("CommsError")), "waiting", "unknown", ("not known", "Words of theirs")),
    "no success and no word": (says({"Success": False, "Errors": []}), "waiting", "unknown", ("not known", "not why")),
    "HTML with 200": (says(PAGE, content_type="text/html"), "waiting", "unknown", ("web page", "MAXCONTACT_URL")),
    "garbage": (says(b"\x00\x1f\x8b<<{{", content_type="x/y"), "waiting", "unknown", ("not known",)),
    "half an answer": (cuts_short, "waiting", "unknown", ("not known", "did not answer to the end")),
    "a reset": (drops, "waiting", "unknown", ("not known", "did not answer to the end")),
    "500": (says(b"", 500), "waiting", "unknown", ("not known", "500")),
    "502 with a page": (says(PAGE, 502, "text/html"), "waiting", "unknown", ("not known", "502")),
    "503": (says(b"", 503), "interrupted", "not_attempted", ("busy", "in a minute", "can be sent again")),
    "503 with a time": (says(b"", 503, Retry_After="30"), "interrupted", "not_attempted", ("in 30 seconds",)),
    "429": (says(b"", 429, Retry_After="600"), "interrupted", "not_attempted", ("in 10 minutes",)),
    "404": (says(b"", 404), "failed", "not_attempted", ("nothing at this address",)),
}


@pytest.mark.parametrize("name", list(ANSWERS))
def test_every_no_stops_with_words_and_is_sent_once(mapping, planted, settings, manager, name):
    answer, state, figure, words = ANSWERS[name]
    with scripted(gives_token(), answer) as server:
        told = sent_to(server, planted, mapping, settings)
        assert len(server.requests) == 2, [request.path for request in server.requests]
    assert (told["state"], told[figure]) == (state, ROWS)
    page = manager.get(f"/imports/{told['run']}/").content.decode()
    for word in words:
        assert word in told["message"] or word in page
        assert word in page
    mapping.refresh_from_db()
    assert mapping.last_answer.startswith("NoMap") == ("NoMap" in name or name == "not severe, but no file")


def test_a_mapping_refused_is_said_once_and_can_be_opened(mapping, planted, settings, manager):
    with scripted(gives_token(), says(severe("NoMapFound"))) as server:
        told = sent_to(server, planted, mapping, settings)
    assert "'Planted'" in told["message"]
    page = manager.get(f"/imports/{told['run']}/").content.decode()
    assert page.count("knows no import mapping") == 1
    assert page.count("Words of theirs") == 1
    assert page.index("Open mapping Planted") < page.index("Send again</button>")
    assert f'class="button" href="/imports/mappings/{mapping.pk}/"' in page


def test_what_was_refused_can_be_sent_again_and_what_is_unknown_cannot(mapping, planted, settings, connected):
    with scripted(gives_token(), says(severe("FileWriteError")), TAKEN) as server:
        told = sent_to(server, planted, mapping, settings)
        run = mapping.runs.get(pk=told["run"])
        delivery.send(run, "send", "tester")
        delivery.deliver(run.pk)
        assert len(server.requests) == 3
    assert assert_adds_up(run)["parts"][0]["reference"] == "7"


@pytest.mark.parametrize("refusal", [says(b"", 401), says(severe("NotAuth")), says(severe(0))])
def test_dead_token_is_renewed_once_and_the_part_goes_out(mapping, planted, settings, refusal):
    with scripted(gives_token(), refusal, gives_token("token-2"), TAKEN) as server:
        told = sent_to(server, planted, mapping, settings)
        assert ["apitoken" in request.path for request in server.requests] == [True, False, True, False]
    assert (told["state"], told["sent"]) == ("waiting", ROWS)


@pytest.mark.parametrize("refusal", [says(b"", 403), says(severe("NotAuth"))])
def test_lasting_refusal_of_the_account_stops_after_one_renewal(mapping, planted, settings, refusal):
    with scripted(gives_token(), refusal, gives_token("token-2"), refusal) as server:
        told = sent_to(server, planted, mapping, settings)
        assert len(server.requests) == 4
    assert (told["state"], told["not_attempted"]) == ("failed", ROWS)
    assert "does not allow" in told["message"] or "API Token Access" in told["message"]


def test_refused_log_in_stops_and_is_not_tried_again(mapping, planted, settings):
    with scripted(says(b"", 401)) as server:
        told = sent_to(server, planted, mapping, settings)
        assert len(server.requests) == 1
    assert (told["state"], told["not_attempted"]) == ("failed", ROWS)
    assert "log-in" in told["message"]


@pytest.mark.parametrize("refusal", [says(b"", 413), says(severe("FileTooLarge"))])
def test_too_large_in_either_way_cuts_smaller(mapping, planted, settings, refusal):
    with scripted(gives_token(), refusal, TAKEN) as server:
        told = sent_to(server, planted, mapping, settings)
        lengths = [int(request.headers["content-length"]) for request in server.requests[1:]]
    assert told["sent"] == ROWS
    assert len(told["parts"]) == len(lengths) - 1 >= 2
    mapping.refresh_from_db()
    assert all(length <= mapping.part_limit for length in lengths[1:])
    assert max(lengths[1:]) <= lengths[0] // 2 + 1000


# The learned size of a request


def test_learned_size_is_forgiven_after_a_week_or_when_somebody_clears_it(mapping, planted, connected):
    planning.learn_limit(mapping, 20_000)
    assert planning.learned_limit(mapping) == 20_000
    few = check(planted.path, mapping)
    delivery.send(few, "send", "tester")
    assert few.parts.count() > 1
    mapping.part_limit_at -= planning.FORGIVEN_AFTER
    assert planning.learned_limit(mapping) is None
    mapping.refresh_from_db()
    planning.forget_limit(mapping)
    whole = check(planted.path, mapping)
    delivery.send(whole, "send", "tester", again=True)
    assert whole.parts.count() == 1


def test_row_too_large_for_the_learned_size_is_named_by_its_line(mapping, connected, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f"phone,reference,name\n07700900001,1,x\n07700900002,2,{'y' * 5000}\n", "utf-8")
    connected.state.max_request_bytes = 3_000
    run = upload(path, mapping)
    state = assert_adds_up(run)
    assert "line 3" in state["message"]
    assert state["state"] in ("failed", "partly_sent")


def test_stopped_run_keeps_what_was_not_sent(mapping, planted, connected, manager):
    planning.learn_limit(mapping, 20_000)
    run = check(planted.path, mapping)
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk, lambda: True)  # one part, then somebody else's turn
    assert "Stop sending" in manager.get(run.get_absolute_url()).content.decode()
    manager.post(f"/imports/{run.pk}/stop/")
    state = assert_adds_up(run)
    assert state["state"] == "interrupted"
    assert "Stopped by" in state["message"]
    assert 0 < state["sent"] < ROWS
    delivery.deliver(run.pk)
    assert len(connected.state.uploads) == 1
    manager.post(f"/imports/{run.pk}/send/")
    assert assert_adds_up(run)["sent"] == ROWS
    with pytest.raises(bookings.WrongState):
        bookings.pause(run, "tester")


def test_lead_file_that_was_changed_is_not_sent(mapping, planted, connected):
    run = check(planted.path, mapping)
    delivery.send(run, "send", "tester")
    delivery.files_of(run).original.write_bytes(planted.path.read_bytes()[:-100])
    delivery.deliver(run.pk)
    state = assert_adds_up(run)
    assert (state["state"], state["not_attempted"]) == ("interrupted", ROWS)
    assert "no longer as it was checked" in state["message"]
    assert connected.state.uploads == []
    assert run.parts.get().state == Part.State.PLANNED
    assert outages.read("maxcontact") is None
