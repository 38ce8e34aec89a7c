"""One log-in serves all; a refused token is renewed once; a wrong password is not tried again and again."""

import base64
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from maxops.remote.codec import decode
from maxops.remote.errors import Garbled, MaxopsConfigError, NotAuthorised, RemoteError, Unreachable
from maxops.remote.http import Answer, Call
from maxops.remote.maxcontact.session import OwnTokens, Session, read_token
from tests.remote.maxcontact.clients import PASSWORD, session_to
from tests.remote.samples import sample
from tests.remote.scripted import drops, gives_token, says, scripted

READ = Call("read things", "GET", "things", repeat=True)


def body_of(answer: Answer):
    return decode(answer.body)


def answer_with(body: bytes, **headers: str) -> Answer:
    return Answer(200, "application/json", body, headers)


def iso_in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_login_is_asked_as_documented():
    with scripted(gives_token("abc"), says([1])) as server:
        assert session_to(server, login="a b/ü@x").call(READ, body_of) == [1]
        log_in, read = server.requests
    assert (log_in.method, log_in.path) == ("GET", "/apitoken/login/a%20b%2F%C3%BC%40x")
    assert log_in.headers["authorization"] == "Basic " + base64.b64encode(PASSWORD.encode()).decode()
    assert "cookie" not in log_in.headers
    assert read.headers["cookie"] == "TokenKey=abc"
    assert "authorization" not in read.headers
    for request in (log_in, read):
        assert request.headers["accept"] == request.headers["content-type"] == "application/json"


def test_bare_scheme_sends_the_value_alone():
    with scripted(gives_token(), says([])) as server:
        session_to(server, scheme="bare").call(READ, body_of)
        assert server.requests[0].headers["authorization"] == base64.b64encode(PASSWORD.encode()).decode()


def test_password_that_is_not_ascii_is_a_wrong_setup():
    with scripted(says({})) as server, pytest.raises(MaxopsConfigError, match="ASCII"):
        Session(session_to(server).transport, "api", "pässword")


def test_token_serves_many_calls_and_threads():
    with scripted(gives_token(), says([])) as server:
        session = session_to(server)
        threads = [threading.Thread(target=session.call, args=(READ, body_of)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        session.call(READ, body_of)
        assert sum("login" in request.path for request in server.requests) == 1


def test_published_token_is_read():
    token = read_token(answer_with(sample("token.xml"), Date="Mon, 01 Jan 2018 00:00:00 GMT"))
    assert token.key == "e59de8c5-141e-46fa-9d06-1222ae328c50-08122015125030"


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"TokenKey": null}', b"<APIToken><TokenKey/></APIToken>"])
def test_no_token_means_not_authorised(body):
    with pytest.raises(NotAuthorised):
        read_token(answer_with(body))


@pytest.mark.parametrize("body", [b'["token"]', b'{"TokenKey": "a; b=c"}', b'{"TokenKey": "a\\r\\nb"}', b"oops"])
def test_odd_token_is_garbled(body):
    with pytest.raises(Garbled):
        read_token(answer_with(body))


@pytest.mark.parametrize(
    ("expiry", "life"),
    [
        ('"2026-01-01T12:30:00.0000000+00:00"', 1800),
        ('"2026-01-01T13:30:00+01:00"', 1800),
        ('"/Date(1767270600000)/"', 1800),
        ('"2026-01-01T11:00:00"', 300),
        ('"soon"', 300),
        ("null", 300),
        ('"2030-01-01T00:00:00Z"', 12 * 3600),
    ],
)
@pytest.mark.parametrize("our_clock", ["2026-01-01 11:45:00", "2026-01-01 12:15:00"])
def test_life_is_counted_by_the_servers_clock(expiry, life, our_clock):
    body = b'{"TokenKey": "k", "ExpiryDate": ' + expiry.encode() + b"}"
    with time_machine.travel(our_clock, tick=False):
        token = read_token(answer_with(body, Date="Thu, 01 Jan 2026 12:00:00 GMT"))
        assert token.life == life
        assert token.share_used() == 0


def test_token_is_renewed_after_most_of_its_life():
    with time_machine.travel("2026-01-01 12:00:00", tick=False) as clock:
        soon = "2026-01-01T12:10:00+00:00"
        with scripted(gives_token("one", soon), says([]), says([]), gives_token("two", soon), says([])) as server:
            session = session_to(server)
            session.call(READ, body_of)
            clock.shift(450)
            session.call(READ, body_of)
            clock.shift(60)
            session.call(READ, body_of)
            cookies = [request.headers.get("cookie") for request in server.requests]
    assert cookies == [None, "TokenKey=one", "TokenKey=one", None, "TokenKey=two"]


def test_warm_renews_ahead_so_that_a_click_never_logs_in():
    with time_machine.travel("2026-01-01 12:00:00", tick=False) as clock:
        soon = "2026-01-01T12:10:00+00:00"
        with scripted(gives_token("one", soon), gives_token("two", "2026-01-01T12:30:00Z"), says([])) as server:
            session = session_to(server)
            session.warm()
            clock.shift(300)
            session.warm()
            clock.shift(120)
            session.warm()
            clock.shift(120)
            session.call(READ, body_of)
            cookies = [request.headers.get("cookie") for request in server.requests]
    assert cookies == [None, None, "TokenKey=two"]


def test_refused_token_is_renewed_once():
    with scripted(gives_token("old"), says({}, 401), gives_token("new"), says([2])) as server:
        assert session_to(server).call(READ, body_of) == [2]
        assert server.requests[-1].headers["cookie"] == "TokenKey=new"


def test_refusal_inside_the_answer_renews_too():
    def read(answer: Answer):
        if decode(answer.body) == "no":
            raise NotAuthorised("no")
        return decode(answer.body)

    with scripted(gives_token("old"), says("no"), gives_token("new"), says([3])) as server:
        assert session_to(server).call(READ, read) == [3]


def test_second_refusal_is_told():
    with scripted(gives_token("old"), says({}, 401), gives_token("new"), says({}, 401)) as server:
        with pytest.raises(NotAuthorised):
            session_to(server).call(READ, body_of)
        assert len(server.requests) == 4


def test_token_renewed_by_another_process_is_used():
    tokens = OwnTokens()
    with scripted(gives_token("old"), says({}, 401), gives_token("new"), says([]), says({}, 401), says([5])) as server:
        first, second = session_to(server, tokens), session_to(server, tokens)
        second_token = first.log_in()
        second._token = second_token
        first.call(READ, body_of)
        assert second.call(READ, body_of) == [5]
        assert server.requests[-1].headers["cookie"] == "TokenKey=new"
        assert sum("login" in request.path for request in server.requests) == 2


def test_token_another_process_left_may_be_as_dead_as_our_own():
    tokens = OwnTokens()
    answers = [gives_token("old"), says({}, 401), gives_token("new"), says([]), says({}, 401), says({}, 401)]
    with scripted(*answers, gives_token("newest"), says([6])) as server:
        first, second = session_to(server, tokens), session_to(server, tokens)
        second._token = first.log_in()
        first.call(READ, body_of)
        assert second.call(READ, body_of) == [6]
        assert server.requests[-1].headers["cookie"] == "TokenKey=newest"


@pytest.mark.parametrize("answer", [says({}, 500), says(b"<html>", content_type="text/html"), drops])
def test_log_in_that_fails_leaves_the_write_itself_unsent(answer):
    create = Call("create", "POST", "things", body=b"{}")
    with scripted(gives_token("old"), says({}, 401), answer) as server, pytest.raises(RemoteError) as caught:
        session_to(server).call(create, body_of)
    assert caught.value.taken == "no"


def test_process_waits_for_the_log_in_of_another():
    class Claimed(OwnTokens):
        def __init__(self):
            super().__init__()
            self.claims = set()

        def claim(self, key, seconds):
            first = key not in self.claims
            self.claims.add(key)
            return first

        def delete(self, key):
            super().delete(key)
            self.claims.discard(key)

    def slow_token(sock, request):
        time.sleep(0.3)
        return gives_token("only")(sock, request)

    tokens = Claimed()
    with scripted(slow_token, says([])) as server:
        sessions = [session_to(server, tokens) for _ in range(3)]
        threads = [threading.Thread(target=session.call, args=(READ, body_of)) for session in sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum("login" in request.path for request in server.requests) == 1
        assert sum(request.headers.get("cookie") == "TokenKey=only" for request in server.requests) == 3


def test_wrong_password_is_tried_once_a_minute():
    with time_machine.travel("2026-01-01 12:00:00", tick=False) as clock, scripted(says({}, 401)) as server:
        session = session_to(server)
        for _ in range(5):
            with pytest.raises(NotAuthorised, match="not tried again for a minute"):
                session.call(READ, body_of)
        assert len(server.requests) == 1
        clock.shift(61)
        with pytest.raises(NotAuthorised):
            session.call(READ, body_of)
        assert len(server.requests) == 2


def test_corrected_password_is_tried_at_once():
    tokens = OwnTokens()
    with scripted(says({}, 401), gives_token(), says([7])) as server:
        with pytest.raises(NotAuthorised):
            session_to(server, tokens).call(READ, body_of)
        corrected = Session(session_to(server).transport, "api", "right", tokens=tokens)
        assert corrected.call(READ, body_of) == [7]


def test_unreachable_log_in_is_no_refusal():
    with scripted(gives_token()) as server:
        pass
    session = session_to(server)
    for _ in range(2):
        with pytest.raises(Unreachable):
            session.call(READ, body_of)


def test_token_given_in_a_local_time_of_the_past_still_serves():
    with scripted(gives_token("k", iso_in(-3600)), says([]), says([])) as server:
        session = session_to(server)
        session.call(READ, body_of)
        session.call(READ, body_of)
        assert sum("login" in request.path for request in server.requests) == 1
