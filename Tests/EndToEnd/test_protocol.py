"""Peers that break the rules of HTTP: the right error, other streams and connections unharmed, the process alive."""

import struct
import time
import uuid

import h2.events
import h2.settings
import pytest
import raw as http2
from attacks.frames import CONTINUATION, DATA, HEADERS, PING, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame
from gateway import alive, key, payment, wait_until
from raw import BODY, Raw, abort, connect, connect_tcp, read_to_end


@pytest.fixture
def bystander(demo):
    """Another client's connection and the process: both must have come through whatever the test did."""
    pid = demo.gateway_pid
    with demo.client() as client:
        assert client.post("/v1/payments", json=payment(), headers=key()).status_code == 201
        yield client
        assert client.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    assert alive(pid) and demo.gateway_pid == pid
    with demo.client() as client:
        assert client.post("/v1/payments", json=payment(), headers=key()).status_code == 201


def test_a_body_in_pieces_is_one_body(demo):
    raw = Raw(demo)
    stream = raw.open()
    for index in range(len(BODY)):
        raw.h2.send_data(stream, BODY[index : index + 1], end_stream=index == len(BODY) - 1)
        raw.flush()
    assert raw.status(stream) == 201


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: [*headers, ("Upper-Case", "x")],
        lambda headers: [*headers, ("connection", "close")],
        lambda headers: [*headers, ("transfer-encoding", "chunked")],
        lambda headers: [*headers, ("te", "gzip")],
        lambda headers: [*headers, ("content-length", "3")],
        lambda headers: [*headers, ("content-length", "abc")],
        lambda headers: [*headers, ("x\x00y", "z")],
        lambda headers: [*headers, ("x y", "z")],
        lambda headers: [*headers, ("x", "a\x00b")],
        lambda headers: [*headers, ("x", "a\r\nb: c")],
        lambda headers: [*headers, (":late", "z")],
        lambda headers: [*headers[1:], headers[0]],
        lambda headers: [(":method", "POST"), *headers],
        lambda headers: [(":colour", "red"), *headers],
        lambda headers: [header for header in headers if header[0] != ":method"],
        lambda headers: [header for header in headers if header[0] != ":scheme"],
        lambda headers: [header for header in headers if header[0] != ":path"],
        lambda headers: [(":path", "") if header[0] == ":path" else header for header in headers],
        lambda headers: [(":method", "") if header[0] == ":method" else header for header in headers],
        lambda headers: [*headers, ("x", " a")],
        lambda headers: [*headers, ("x", "a\t")],
        lambda headers: [*headers, ("content-length", f"+{len(BODY)}")],
        lambda headers: [*headers, ("host", "elsewhere")],
        lambda headers: [*headers, ("host", "localhost"), ("host", "localhost")],
        lambda headers: [(":authority", "me@localhost") if header[0] == ":authority" else header for header in headers],
    ],
    ids=[
        "upper case", "connection", "transfer-encoding", "te", "length differs", "no length", "NUL in name", "blank in name",
        "NUL in value", "line end in value", "pseudo at the end", "method at the end", "two methods", "unknown pseudo",
        "no method", "no scheme", "no path", "empty path", "empty method", "leading blank", "trailing blank", "signed length",
        "another host", "two hosts", "userinfo",
    ],
)  # fmt: skip
def test_a_bad_header_harms_its_own_stream_only(demo, change):
    raw = Raw(demo)
    good = [raw.open() for _ in range(3)]
    broken = raw.h2.get_next_available_stream_id()
    raw.h2.send_headers(broken, change(raw.headers()))
    for stream in [*good, broken]:
        raw.h2.send_data(stream, BODY, end_stream=True)
    raw.flush()
    assert [raw.status(stream) for stream in good] == [201, 201, 201]
    assert raw.reset_of(broken) == http2.PROTOCOL_ERROR
    later = raw.open()
    raw.h2.send_data(later, BODY, end_stream=True)
    raw.flush()
    assert raw.status(later) == 201
    assert not any(isinstance(event, h2.events.ResponseReceived) and event.stream_id == broken for event in raw.events)


GET = b"\x82"  # :method: GET, from the static table.


@pytest.mark.parametrize(
    "sent,errors",
    [
        (frame(DATA, 1, 0, b"x"), [http2.PROTOCOL_ERROR]),
        (frame(DATA, 1, 9, b"x"), [http2.PROTOCOL_ERROR]),
        (frame(HEADERS, 5, 2, GET), [http2.PROTOCOL_ERROR]),
        (frame(HEADERS, 5, 1, b"\xff" * 6), [http2.COMPRESSION_ERROR]),
        (frame(HEADERS, 1, 1, GET) + frame(PING, 0, 0, b"12345678"), [http2.PROTOCOL_ERROR]),
        (frame(HEADERS, 1, 1, GET) + frame(CONTINUATION, 0, 1) * 20_000, [http2.ENHANCE_YOUR_CALM, http2.PROTOCOL_ERROR]),
        (
            frame(HEADERS, 1, 1, GET) + frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b" * 1000) * 200,
            [http2.ENHANCE_YOUR_CALM, http2.PROTOCOL_ERROR],
        ),
        (frame(CONTINUATION, 4, 1, GET), [http2.PROTOCOL_ERROR]),
        (frame(RST_STREAM, 0, 7, struct.pack(">I", 8)), [http2.PROTOCOL_ERROR]),
        (frame(SETTINGS, 0, 0, b"12345"), [http2.FRAME_SIZE_ERROR]),
        (frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2**31)), [http2.FLOW_CONTROL_ERROR]),
        (frame(PUSH_PROMISE, 4, 1, struct.pack(">I", 2) + GET), [http2.PROTOCOL_ERROR]),
        (frame(PING, 0, 0, b"1"), [http2.FRAME_SIZE_ERROR]),
        (frame(PING, 0, 0, b"x" * 20_000), [http2.FRAME_SIZE_ERROR]),
        (frame(PING, 0, 0, b"12345678") * 20_000, [http2.ENHANCE_YOUR_CALM]),
        (frame(SETTINGS, 0, 0) * 20_000, [http2.ENHANCE_YOUR_CALM]),
        (frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0)), [http2.PROTOCOL_ERROR]),
        (frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1)), [http2.FLOW_CONTROL_ERROR]),
    ],
    ids=[
        "data on 0", "data on idle", "even stream", "bad HPACK", "frame within headers", "empty continuations", "endless headers",
        "continuation alone", "reset of idle", "odd settings", "window too large", "push", "short ping", "frame too long",
        "ping flood", "settings flood", "window update 0", "window overflow",
    ],
)  # fmt: skip
def test_a_bad_frame_ends_its_own_connection_with_the_right_error(demo, bystander, sent, errors):
    raw = Raw(demo)
    raw.read(lambda events: any(isinstance(event, h2.events.SettingsAcknowledged) for event in events))
    try:
        raw.socket.sendall(sent)
    except OSError:
        pass  # Ended before all of a flood was sent.
    assert raw.goaway() in errors or (raw.closed and len(sent) > 100_000), raw.events


def test_no_core_file_is_left(demo):
    """It would hold keys."""
    with open(f"/proc/{demo.gateway_pid}/limits") as limits:
        assert next(line for line in limits if line.startswith("Max core file size")).split()[4:6] == ["0", "0"]


def test_what_is_unknown_is_ignored(demo):
    raw = Raw(demo)
    raw.socket.sendall(frame(0xBB, 0xFF, 0, b"hello"))
    stream = raw.open()
    raw.h2.send_data(stream, BODY, end_stream=True)
    raw.flush()
    assert raw.status(stream) == 201


LIMIT = 256  # limits.max_streams_per_connection


def test_a_stream_beyond_the_limit_is_refused_and_no_other(demo, bystander):
    raw = Raw(demo)
    raw.read(lambda events: any(isinstance(event, h2.events.SettingsAcknowledged) for event in events))
    assert raw.h2.remote_settings.max_concurrent_streams == LIMIT
    # Our library would keep to it.
    raw.h2.remote_settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] = LIMIT + 10
    raw.h2.remote_settings.acknowledge()
    streams = [raw.open() for _ in range(LIMIT + 1)]
    raw.flush()
    assert raw.reset_of(streams[LIMIT]) == http2.REFUSED_STREAM
    raw.h2.send_data(streams[0], BODY, end_stream=True)
    raw.flush()
    assert raw.status(streams[0]) == 201


@pytest.mark.parametrize("is_first", [True, False], ids=["in the first flight", "later"])
def test_a_header_list_above_the_limit_is_431_and_harms_no_other_stream(demo, bystander, is_first):
    raw = Raw(demo)
    if not is_first:
        raw.read(lambda events: any(isinstance(event, h2.events.SettingsAcknowledged) for event in events))
    good = raw.open()
    large = raw.open([("x-large", "v" * 17_000)])
    raw.h2.send_data(good, BODY, end_stream=True)
    raw.flush()
    assert raw.status(large) == 431
    assert raw.status(good) == 201
    # Told not to send the body.
    assert raw.reset_of(large) == http2.NO_ERROR


def test_headers_on_a_stream_that_was_ended_are_stream_closed(demo, bystander):
    """RFC 9113 section 5.1, also while the answer is slow."""
    raw = Raw(demo)
    good, broken = raw.open(), raw.open()
    raw.h2.send_data(good, BODY, end_stream=True)
    raw.h2.send_data(broken, BODY, end_stream=True)
    # All at once, so that no answer comes between.
    raw.socket.sendall(raw.h2.data_to_send() + frame(HEADERS, 5, broken, GET))
    assert raw.reset_of(broken) == http2.STREAM_CLOSED
    assert raw.status(good) == 201


def test_a_stream_reset_in_its_body_harms_nobody(demo, bystander):
    raw = Raw(demo)
    broken = raw.open()
    raw.h2.send_data(broken, BODY[:10])
    raw.h2.reset_stream(broken, error_code=http2.CANCEL)
    good = raw.open()
    raw.h2.send_data(good, BODY, end_stream=True)
    raw.flush()
    assert raw.status(good) == 201


def in_flight(demo):
    return demo.metrics()["millrace_requests_in_flight"]


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_a_connection_reset_in_a_body_harms_nobody(demo, bystander, protocol):
    """A TCP RST while bodies are on their way, and while answers are."""
    before = len(demo.oracle())
    for _ in range(10):
        if protocol == "h2":
            raw = Raw(demo)
            for _ in range(5):
                raw.h2.send_data(raw.open(), BODY[:20])
            raw.flush()
            peer = raw.socket
        else:
            peer = connect(demo, protocol)
            peer.sendall(post(demo, f"content-length: {len(BODY)}\r\n", BODY[:20]))
        abort(peer)
    wait_until(lambda: in_flight(demo) == 0, 30, "the end of the requests")
    # Nothing of a request that never was whole.
    assert len(demo.oracle()) == before


def test_rapid_reset_is_ended_by_the_gateway(demo, bystander):
    raw = Raw(demo)

    def flood():
        for _ in range(3_000):
            stream = raw.open(end=True)
            raw.h2.reset_stream(stream, error_code=http2.CANCEL)
            if stream % 100 == 1:
                raw.flush()
        raw.flush()

    try:
        flood()
    except OSError:
        raw.closed = True
    assert raw.goaway() == http2.ENHANCE_YOUR_CALM or raw.closed


def test_garbage_instead_of_http_closes_that_connection_only(demo, bystander):
    # As long as the preface at least: what is shorter may yet become one (see the slow ones below).
    for junk in (b"\x00" * 100, b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"):
        with connect(demo) as peer:
            peer.sendall(junk)
            while peer.recv(65_536):
                pass
    with connect_tcp(demo) as peer:
        peer.sendall(b"this is not TLS at all, and never will be\r\n\r\n")
        while peer.recv(65_536):
            pass
    assert alive(demo.gateway_pid)



def post(demo, extra="", body=BODY, line="POST /v1/payments HTTP/1.1", host="host: localhost\r\n"):
    """A payment as HTTP/1.1, with mistakes."""
    fields = (
        f"authorization: Bearer {demo.api_keys[0]}\r\ncontent-type: application/json\r\nidempotency-key: {uuid.uuid4()}\r\n"
    )
    return f"{line}\r\n{host}{fields}{extra}\r\n".encode("latin-1") + body


LENGTH = f"content-length: {len(BODY)}\r\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": "content-length: abc\r\n"},
        {"extra": "content-length: -1\r\n"},
        {"extra": "content-length: 99999999999999999999999\r\n"},
        {"extra": f"content-length: 5\r\n{LENGTH}"},
        {"extra": f"{LENGTH}transfer-encoding: chunked\r\n", "body": b"0\r\n\r\n"},
        {"extra": "transfer-encoding: gzip\r\n"},
        {"extra": "transfer-encoding: chunked\r\n", "body": b"zz\r\n" + BODY},
        {"extra": LENGTH, "host": ""},
        {"extra": f"bad name: x\r\n{LENGTH}"},
        {"extra": f"x: a\x00b\r\n{LENGTH}"},
        {"extra": f"x: a\r\n b\r\n{LENGTH}"},
        {"extra": f"no colon\r\n{LENGTH}"},
        {"extra": f"content-length: +{len(BODY)}\r\n"},
        {"extra": LENGTH, "host": "host: a/b@c\r\n"},
        {"extra": LENGTH, "host": "host: a\r\nhost: a\r\n"},
        {"line": "GARBAGE"},
        {"line": "POST /v1/payments HTTP/3.7", "extra": LENGTH},
        {"line": "CONNECT localhost:443 HTTP/1.1", "extra": LENGTH},
    ],
    ids=[
        "no number", "negative", "overflow", "two lengths", "length and chunks", "unknown coding", "bad chunk", "no host",
        "blank in name", "NUL in value", "folded", "no colon", "signed length", "no host name", "two hosts", "garbage", "version",
        "connect",
    ],
)  # fmt: skip
def test_malformed_http1_is_400_and_ends_its_connection(demo, bystander, changes):
    with connect(demo, "http/1.1") as peer:
        peer.sendall(post(demo, **changes))
        answer = read_to_end(peer)
    assert answer.startswith(b"HTTP/1.1 400 ") and b'"code":"malformed_request"' in answer, answer
    assert b"\r\nrequest-id: req_" in answer
    # One answer: what followed was not taken for a second request.
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "changes,status,code",
    [
        ({"extra": f"x: {'a' * 17_000}\r\n{LENGTH}"}, 431, "headers_too_large"),
        ({"extra": f"x: {'a' * 200_000}\r\n{LENGTH}"}, 431, "headers_too_large"),
        ({"extra": "".join(f"x{n}: a\r\n" for n in range(3000)) + LENGTH}, 431, "headers_too_large"),
        ({"extra": "transfer-encoding: gzip, chunked\r\n", "body": b"0\r\n\r\n"}, 501, "unsupported_transfer_coding"),
    ],
    ids=["long header", "endless header", "many headers", "unknown coding"],
)
def test_what_http1_cannot_carry_is_refused_and_ends_its_connection(demo, bystander, changes, status, code):
    with connect(demo, "http/1.1") as peer:
        try:
            peer.sendall(post(demo, **changes))
        except OSError:
            pass  # Answered and closed before all of it was sent.
        answer = read_to_end(peer)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and f'"code":"{code}"'.encode() in answer, answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_the_slow_are_ended_and_others_are_not_held_up(demo, bystander):
    """A body that stalls or drips is answered 408; a preface or handshake that stalls is closed; nobody else is delayed."""
    raw = Raw(demo)
    silent = connect_tcp(demo)
    preface = connect(demo)
    preface.sendall(b"PRI * HTTP/2.0\r\n\r\nSM")
    http1 = connect(demo, "http/1.1")
    http1.sendall(post(demo, LENGTH, BODY[:5]))
    stalled, dripping = raw.open(), raw.open()
    raw.h2.send_data(stalled, BODY[:5])
    raw.flush()
    good = raw.open()
    raw.h2.send_data(good, BODY, end_stream=True)
    raw.flush()
    assert raw.status(good) == 201
    assert bystander.post("/v1/payments", json=payment(), headers=key()).status_code == 201

    def drip():
        """The time is for the whole body: a byte now and then buys none."""
        raw.h2.send_data(dripping, b" ")
        raw.flush()
        time.sleep(0.2)

    statuses = raw.statuses([stalled, dripping], seconds=60, meanwhile=drip)
    assert statuses == {stalled: 408, dripping: 408}
    for peer in (silent, preface, http1):
        peer.settimeout(60)
    answer = read_to_end(http1)
    assert answer.startswith(b"HTTP/1.1 408 ") and b'"code":"request_timeout"' in answer
    for peer in (silent, preface, http1):
        read_to_end(peer)
        peer.close()
