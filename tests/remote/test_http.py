"""What a caller learns from each way in which a request can end, and how often it is sent."""

import io
import logging
import socket
import threading
import time

import pytest
import time_machine

from maxops.remote import http
from maxops.remote.errors import (
    Busy,
    Garbled,
    NotAuthorised,
    NotFound,
    Refused,
    TooLarge,
    Unanswered,
    Unreachable,
)
from maxops.remote.http import Call, Timeouts, Transport
from maxops.remote.multipart import Form, MultipartBody
from tests.remote.samples import FOLDER
from tests.remote.scripted import cuts_short, drops, message, says, scripted, too_large_at_once, trickles

READ = Call("read things", "GET", "things", repeat=True)
POST = Call("send a lead", "POST", "leads", body=b"{}")
PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head></html>"


def transport_to(url: str, **timeouts: float) -> Transport:
    return Transport(url, system="MaxContact", timeouts=Timeouts(**timeouts))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_answer_carries_status_body_and_headers():
    with scripted(says({"a": 1}, X_Thing="yes")) as server:
        answer = transport_to(server.url).send(READ)
    assert (answer.status, answer.body, answer.headers["X-Thing"]) == (200, b'{"a": 1}', "yes")


def test_request_says_what_the_call_says():
    call = Call(
        "move a lead",
        "POST",
        "move/a%2Fb",
        query=[("ResultCode", "API-Removed & more"), ("Empty", "")],
        headers={"Accept": "application/json"},
        cookies={"TokenKey": "abc"},
    )
    with scripted(says({})) as server:
        transport_to(server.url).send(call)
        [request] = server.requests
    assert request.path == "/move/a%2Fb?ResultCode=API-Removed%20%26%20more&Empty="
    assert request.headers["cookie"] == "TokenKey=abc"
    assert request.headers["content-length"] == "0"


def test_delete_carries_its_body():
    with scripted(says({})) as server:
        transport_to(server.url).send(Call("unlink", "DELETE", "lists", body=b'{"ListId": 3}'))
        assert server.requests[0].body == b'{"ListId": 3}'


def test_cookies_of_the_server_are_not_kept():
    with scripted(says({}, Set_Cookie="TokenKey=other; Path=/"), says({})) as server:
        transport = transport_to(server.url)
        transport.send(READ)
        transport.send(READ)
        assert "cookie" not in server.requests[1].headers


def test_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with scripted(says({})) as server:
        assert transport_to(server.url).send(READ).status == 200


def test_refused_connection_is_unreachable_and_certain():
    with pytest.raises(Unreachable) as caught:
        transport_to(f"http://127.0.0.1:{closed_port()}").send(POST)
    assert caught.value.taken == "no"
    assert caught.value.operation == "send a lead"


def test_unknown_host_is_unreachable():
    with pytest.raises(Unreachable):
        transport_to("http://dialler.invalid").send(POST)


def test_server_without_tls_is_unreachable():
    with scripted(says({})) as server, pytest.raises(Unreachable) as caught:
        transport_to(server.url.replace("http:", "https:"), connect=0.3).send(POST)
    assert caught.value.taken == "no"


def test_certificate_that_is_trusted_serves():
    with scripted(says([1]), tls=True) as server:
        transport = Transport(server.url, system="MaxContact", verify=str(FOLDER / "loopback.pem"))
        assert [transport.send(READ).body for _ in range(2)] == [b"[1]", b"[1]"]


def test_certificate_that_is_not_trusted_is_unreachable(monkeypatch):
    """Also when the environment would trust it: only our own settings count."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(FOLDER / "loopback.pem"))
    with scripted(says({}), tls=True) as server:
        with pytest.raises(Unreachable, match="certificate"):
            transport_to(server.url).send(POST)
        assert server.requests == []


def test_trickling_answer_over_tls_ends_at_the_deadline():
    with scripted(trickles(5), tls=True) as server:
        timeouts = Timeouts(read=1, total=0.6)
        transport = Transport(server.url, system="MaxContact", timeouts=timeouts, verify=str(FOLDER / "loopback.pem"))
        started = time.monotonic()
        with pytest.raises(Unanswered):
            transport.send(READ)
        assert time.monotonic() - started < 1.6


def test_dropped_post_is_unanswered_and_sent_once():
    with scripted(drops) as server:
        with pytest.raises(Unanswered) as caught:
            transport_to(server.url).send(POST)
        assert caught.value.taken == "unknown"
        assert len(server.requests) == 1


def test_dropped_read_is_sent_again_and_succeeds():
    with scripted(drops, drops, says([1])) as server:
        assert transport_to(server.url).send(READ).body == b"[1]"
        assert len(server.requests) == 3


def test_dropped_read_gives_up_after_three():
    with scripted(drops) as server:
        with pytest.raises(Unanswered):
            transport_to(server.url).send(READ)
        assert len(server.requests) == 3


def test_busy_question_is_asked_again():
    with scripted(says({}, 503), says({}, 429), says({"done": True})) as server:
        assert transport_to(server.url).send(READ).status == 200
        assert len(server.requests) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_post_that_was_turned_away_is_left_to_a_person(status):
    with scripted(says({}, status), says({"done": True})) as server:
        with pytest.raises(Busy) as caught:
            transport_to(server.url).send(POST)
        assert caught.value.taken == "no"
        assert len(server.requests) == 1


def test_busy_waits_as_told():
    with scripted(says({}, 503, Retry_After="1"), says({})) as server:
        started = time.monotonic()
        transport_to(server.url).send(READ)
        assert time.monotonic() - started >= 1


def test_busy_for_long_is_told_at_once():
    with scripted(says({}, 503, Retry_After="120")) as server:
        with pytest.raises(Busy) as caught:
            transport_to(server.url).send(READ)
        assert caught.value.retry_after == 120
        assert len(server.requests) == 1


def test_call_of_one_attempt_is_never_repeated():
    once = Call("emergency enable", "POST", "enable", attempts=1)
    with scripted(says({}, 503)) as server:
        with pytest.raises(Busy):
            transport_to(server.url).send(once)
        assert len(server.requests) == 1


def test_body_factory_is_asked_for_each_try():
    made = []

    def body() -> MultipartBody:
        made.append(True)
        return MultipartBody(Form({}, "a.csv"), lambda: io.BytesIO(b"phone\r\n"), 7)

    with scripted(says({}, 503), says({})) as server:
        transport_to(server.url).send(Call("upload", "PUT", "upload", body=body, repeat=True))
        assert all(b"phone\r\n" in request.body for request in server.requests)
    assert len(made) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Garbled),
        (400, Refused),
        (401, NotAuthorised),
        (403, NotAuthorised),
        (404, NotFound),
        (405, Refused),
        (413, TooLarge),
        (429, Busy),
        (500, Unanswered),
        (502, Unanswered),
        (503, Busy),
        (504, Unanswered),
    ],
)
def test_status_becomes_its_error(status, kind):
    with scripted(says({"why": "so"}, status, Retry_After="600")) as server, pytest.raises(kind) as caught:
        transport_to(server.url).send(POST)
    assert type(caught.value) is kind
    assert caught.value.message.startswith("MaxContact ")


def test_redirect_is_not_followed():
    with scripted(says({}, 302, Location="/login")) as server:
        with pytest.raises(Garbled):
            transport_to(server.url).send(POST)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 404])
def test_web_page_names_the_likely_cause(status):
    with scripted(says(PAGE, status, "text/html")) as server, pytest.raises((Garbled, NotFound)) as caught:
        transport_to(server.url).send(READ)
    assert "web page instead of data" in caught.value.message
    assert "should check MAXCONTACT_URL" in caught.value.message


def test_tolerated_status_is_handed_back():
    call = Call("create", "POST", "things", body=b"{}", tolerated=frozenset({400}))
    with scripted(says({"Success": False}, 400)) as server:
        assert transport_to(server.url).send(call).status == 400


def test_answer_cut_short_is_unanswered():
    with scripted(cuts_short) as server, pytest.raises(Unanswered):
        transport_to(server.url).send(POST)


def test_slow_answer_ends_at_the_read_timeout():
    def sleeps(sock, request):
        time.sleep(2)
        return False

    with scripted(sleeps) as server:
        started = time.monotonic()
        with pytest.raises(Unanswered):
            transport_to(server.url, read=0.3).send(POST)
        assert time.monotonic() - started < 1


@pytest.mark.parametrize("head_too", [False, True])
def test_trickling_answer_ends_at_the_deadline(head_too):
    with scripted(trickles(5, head_too=head_too)) as server:
        started = time.monotonic()
        with pytest.raises(Unanswered):
            transport_to(server.url, read=1, total=0.6).send(READ)
        assert time.monotonic() - started < 1.6


def test_deadline_covers_the_repeats():
    with scripted(drops) as server:
        started = time.monotonic()
        with pytest.raises(Unanswered):
            transport_to(server.url, total=0.2).send(READ)
        assert time.monotonic() - started < 1
        assert len(server.requests) < 3


def test_large_body_turned_away_unread_is_too_large():
    form = Form({"mapname": "x"}, "leads.csv")
    size = 8_000_000

    def body() -> MultipartBody:
        return MultipartBody(form, lambda: io.BytesIO(bytes(size)), size)

    with scripted(too_large_at_once) as server, pytest.raises(TooLarge) as caught:
        transport_to(server.url).send(Call("upload leads", "POST", "upload", body=body))
    assert caught.value.taken == "no"


def test_answer_without_end_is_garbled(monkeypatch):
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 100_000)
    with scripted(says(b"[" + b" " * 500_000 + b"]")) as server, pytest.raises(Garbled, match="larger"):
        transport_to(server.url).send(READ)


def test_answer_that_cannot_be_unpacked_is_garbled():
    with scripted(says(b"no gzip", Content_Encoding="gzip")) as server, pytest.raises(Garbled, match="unpacked"):
        transport_to(server.url).send(POST)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("90", 90), ("Thu, 01 Jan 2026 12:02:00 GMT", 120), ("Thu, 01 Jan 2026 11:00:00 GMT", 0), ("soon", None)],
)
def test_time_to_wait_is_read(header, seconds):
    with time_machine.travel("2026-01-01 12:00:00", tick=False), scripted(says({}, 503, Retry_After=header)) as server:
        with pytest.raises(Busy) as caught:
            transport_to(server.url).send(Call("enable", "POST", "enable", attempts=1))
        assert caught.value.retry_after == seconds


def test_excerpt_of_an_error_is_kept_only_where_nothing_private_is():
    private = Call("add a lead", "POST", "leads", body=b"{}", private=True)
    with scripted(says(b"Mrs Smith 07700 900123", 400, "text/plain")) as server:
        with pytest.raises(Refused) as open_error:
            transport_to(server.url).send(POST)
        with pytest.raises(Refused) as private_error:
            transport_to(server.url).send(private)
    assert "Smith" in open_error.value.detail
    assert private_error.value.detail == ""


def test_log_has_no_address_header_or_body(caplog):
    call = Call(
        "deactivate",
        "DELETE",
        "LeadManagement/DeactivateLeadByPhone/07700900123",
        query=[("ResultCode", "MINE")],
        headers={"Authorization": "Basic c2VjcmV0"},
        cookies={"TokenKey": "the-token"},
    )
    with caplog.at_level(logging.DEBUG), scripted(says({"Name": "Smith"})) as server:
        transport_to(server.url).send(call)
    assert "MaxContact deactivate: 200 in " in caplog.text
    shown = caplog.text + repr(call)
    for secret in ("07700900123", "MINE", "c2VjcmV0", "the-token", "Smith", "127.0.0.1"):
        assert secret not in shown


def test_connection_is_kept_between_calls_and_threads_share_the_transport():
    connections = []

    def remembers(sock, request):
        connections.append(sock.getpeername())
        sock.sendall(message(200, b"{}"))
        return True

    with scripted(remembers) as server:
        transport = transport_to(server.url)
        for _ in range(3):
            transport.send(READ)
        assert len(set(connections)) == 1
        threads = [threading.Thread(target=transport.send, args=(READ,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 11


@pytest.mark.parametrize(
    ("named", "words"),
    [(None, "Try again in a minute."), ("30", "Try again in 30 seconds."), ("600", "Try again in 10 minutes.")],
)
def test_busy_says_when_to_try_again(named, words):
    headers = {"Retry-After": named} if named else {}
    with scripted(says({}, 503, **headers)) as server, pytest.raises(Busy) as caught:
        transport_to(server.url).send(POST)
    assert caught.value.message == f"MaxContact is busy and turned the request away. {words}"
