"""Whatever arrives: a clear problem or the right HTTP/2 error, other streams unharmed, the process alive."""

import socket
import ssl
import time
import uuid

import h2.config
import h2.connection
import h2.events
import pytest
from gateway import alive, key, payment

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body,code",
    [
        (b"", "body_missing"),
        (b"{", "json_invalid"),
        (b"[]", "json_invalid"),
        (b'{"amount":5,"amount":6,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":"5","currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":5.0,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":1e2,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":-5,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":0,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":100000000,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":99999999999999999999,"currency":"EUR","payment_method":"tok_visa"}', None),
        (b'{"amount":5,"currency":"XXX","payment_method":"tok_visa"}', None),
        (b'{"amount":5,"currency":"EURO","payment_method":"tok_visa"}', None),
        (b'{"amount":5,"currency":"EUR","payment_method":"tok\xff"}', None),
        (b'{"amount":5,"currency":"EUR","payment_method":"tok_visa","colour":"red"}', "parameter_unknown"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, None),
        (b'{"amount":5,"currency":"EUR","payment_method":"tok_visa","description":"4242 4242 4242 4242"}', "card_number_in_request"),
        (b'{"amount":5,"currency":"EUR","payment_method":"4242424242424242"}', "card_number_in_request"),
        (b'{"amount":5,"currency":"EUR","payment_method":"tok_visa","metadata":{"x":"5555-5555-5555-4444"}}', "card_number_in_request"),
    ],
)  # fmt: skip
def test_bad_bodies_are_400_with_a_stable_code(demo, api, body, code):
    answer = api.post("/v1/payments", content=body, headers={**JSON, **key()})
    assert answer.status_code == 400, answer.text
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["code"] and document["retryable"] is False and document["request_id"].startswith("req_")
    if code in ("parameter_unknown", "card_number_in_request"):
        assert document["code"] == code
    assert b"4242" not in answer.content
    assert "4242424242424242" not in demo.logs()


def test_a_card_number_reaches_neither_journal_nor_log(demo, api):
    number = "4000056655665556"
    api.post("/v1/payments", json=payment(description=f"card {number}"), headers=key())
    api.post("/v1/payments", json=payment(), headers={"idempotency-key": number})
    for path in demo.directory.rglob("*"):
        if path.is_file():
            assert number.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("changes,status", [({"authorization": ""}, 401), ({"authorization": "Bearer mk_wrong"}, 401),
                                            ({"authorization": "Basic bWs6"}, 401)])  # fmt: skip
def test_bad_credentials(demo, changes, status):
    with demo.client(merchant=None) as api:
        answer = api.post("/v1/payments", json=payment(), headers={**key(), **changes})
        assert answer.status_code == status and answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "method,path,status",
    [
        ("GET", "/", 404), ("GET", "/v2/payments", 404), ("POST", "/v1/payments/pay_x/explode", 404),
        ("GET", "/v1/payments", 405), ("DELETE", "/v1/payments/pay_00000000000000000000000001", 405),
        ("PUT", "/v1/payments", 405), ("GET", "/v1/payments/pay_x", 404),
        ("GET", "/v1/payments/pay_7zzzzzzzzzzzzzzzzzzzzzzzzz", 404),
    ],
)  # fmt: skip
def test_unknown_routes_and_wrong_methods(api, method, path, status):
    answer = api.request(method, path, headers=key())
    assert answer.status_code == status and answer.json()["status"] == status


@pytest.mark.parametrize("text", ["", "a" * 256, "ключ".encode("utf-8"), "two words", '"open', '"shut"x'])
def test_bad_idempotency_keys(api, text):
    answer = api.post("/v1/payments", json=payment(), headers={"idempotency-key": text})
    assert answer.status_code == 400


def test_wrong_media_type(api):
    answer = api.post("/v1/payments", content=b"amount=5", headers={**key(), "content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 415


@pytest.mark.parametrize("http2", [True, False])
def test_a_70_kilobyte_body_is_413(demo, http2):
    with demo.client(http2=http2) as api:
        answer = api.post("/v1/payments", content=b"x" * 70_000, headers={**JSON, **key()})
        assert answer.status_code == 413 and answer.json()["code"] == "body_too_large"


def connect(demo):
    """TLS with h2 agreed upon, and nothing said yet."""
    context = ssl.create_default_context(cafile=demo.ca_cert)
    context.set_alpn_protocols(["h2"])
    host, port = demo.base_url.removeprefix("https://").split(":")
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=10), server_hostname=host)


class Raw:
    """An HTTP/2 peer that may break the rules."""

    def __init__(self, demo):
        self.socket = connect(demo)
        config = h2.config.H2Configuration(
            client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
        )
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.key = demo.api_keys[0]
        self.closed = False
        self.events = []
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def headers(self, extra=(), path="/v1/payments"):
        return [
            (":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", path),
            ("authorization", f"Bearer {self.key}"), ("content-type", "application/json"),
            ("idempotency-key", str(uuid.uuid4())), *extra,
        ]  # fmt: skip

    def open(self, extra=(), end=False, **options):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, self.headers(extra, **options), end_stream=end)
        return stream

    def read(self, until, seconds=20):
        """Collects events until `until(events)`; also ends when the peer closes."""
        end = time.monotonic() + seconds
        while not until(self.events):
            self.socket.settimeout(max(0.05, end - time.monotonic()))
            assert time.monotonic() < end, f"not in time; saw {self.events}"
            try:
                data = self.socket.recv(65_536)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                self.closed = True
                return self.events
            self.events += self.h2.receive_data(data)
            try:
                self.flush()
            except OSError:
                pass
        return self.events

    def status(self, stream):
        def ended(events):
            return any(getattr(e, "stream_id", None) == stream and isinstance(e, h2.events.StreamEnded) for e in events)

        self.read(ended)
        for event in self.events:
            if isinstance(event, h2.events.ResponseReceived) and event.stream_id == stream:
                return int(dict(event.headers)[":status"])
        return None


BODY = b'{"amount":5,"currency":"EUR","payment_method":"tok_visa"}'


def test_a_body_in_pieces_is_one_body(demo):
    raw = Raw(demo)
    stream = raw.open()
    for index in range(len(BODY)):
        raw.h2.send_data(stream, BODY[index : index + 1], end_stream=index == len(BODY) - 1)
        raw.flush()
    assert raw.status(stream) == 201


@pytest.mark.parametrize(
    "bad", [("Upper-Case", "x"), ("connection", "close"), ("content-length", "3"), ("te", "gzip"), ("x\x00y", "z")]
)
def test_a_bad_header_harms_its_own_stream_only(demo, bad):
    raw = Raw(demo)
    good = [raw.open() for _ in range(3)]
    broken = raw.open([bad])
    for stream in [*good, broken]:
        raw.h2.send_data(stream, BODY, end_stream=True)
    raw.flush()
    assert [raw.status(stream) for stream in good] == [201, 201, 201]
    later = raw.open()
    raw.h2.send_data(later, BODY, end_stream=True)
    raw.flush()
    assert raw.status(later) == 201
    assert not any(
        isinstance(e, h2.events.ResponseReceived) and e.stream_id == broken and dict(e.headers)[":status"].startswith("2")
        for e in raw.events
    )


def test_a_stream_reset_in_its_body_harms_nobody(demo):
    raw = Raw(demo)
    broken = raw.open()
    raw.h2.send_data(broken, BODY[:10])
    raw.h2.reset_stream(broken, error_code=8)
    good = raw.open()
    raw.h2.send_data(good, BODY, end_stream=True)
    raw.flush()
    assert raw.status(good) == 201


def test_rapid_reset_is_ended_by_the_gateway(demo):
    raw = Raw(demo)

    def flood():
        for _ in range(3_000):
            stream = raw.open(end=True)
            raw.h2.reset_stream(stream, error_code=8)
            if stream % 100 == 1:
                raw.flush()
        raw.flush()

    try:
        flood()
    except OSError:
        raw.closed = True
    raw.read(lambda events: any(isinstance(e, h2.events.ConnectionTerminated) for e in events) or raw.closed)
    terminated = [e for e in raw.events if isinstance(e, h2.events.ConnectionTerminated)]
    assert raw.closed or terminated[0].error_code == 11
    assert alive(demo.gateway_pid)
    with demo.client() as api:
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201


def test_garbage_instead_of_http_closes_that_connection_only(demo):
    # As long as the preface at least: what is shorter may yet become one (see the slow ones below).
    for junk in (b"\x00" * 100, b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"):
        with connect(demo) as peer:
            peer.sendall(junk)
            while peer.recv(65_536):
                pass
    host, port = demo.base_url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as peer:
        peer.sendall(b"this is not TLS at all, and never will be\r\n\r\n")
        while peer.recv(65_536):
            pass
    assert alive(demo.gateway_pid)


def test_the_slow_are_ended_and_others_are_not_held_up(demo):
    """A body that stalls is answered 408; a preface that stalls is closed; neither delays anybody else."""
    raw = Raw(demo)
    stalled = connect(demo)
    stalled.sendall(b"PRI * HTTP/2.0\r\n\r\nSM")
    slow = raw.open()
    raw.h2.send_data(slow, BODY[:5])
    raw.flush()
    begun = time.monotonic()
    good = raw.open()
    raw.h2.send_data(good, BODY, end_stream=True)
    raw.flush()
    assert raw.status(good) == 201 and time.monotonic() - begun < 5
    raw.read(
        lambda events: any(isinstance(e, h2.events.ResponseReceived) and e.stream_id == slow for e in events), seconds=40
    )
    response = next(e for e in raw.events if isinstance(e, h2.events.ResponseReceived) and e.stream_id == slow)
    assert dict(response.headers)[":status"] == "408"
    stalled.settimeout(40)
    with stalled:
        while stalled.recv(65_536):
            pass
