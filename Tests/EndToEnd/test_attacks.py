"""Attacks from one address beside an honest merchant, who makes 50 payments a second at another. Each lasts seconds. The merchant sees
no error; the gateway's memory stays bounded; the gateway's counters name the attack. The merchant's latencies and the gateway's
memory are printed at the end of the run."""

import http.client
import json
import time
import uuid

import httpx
import pytest
from attacks import frames
from attacks.peers import Crowd, allow_descriptors, connect, connect_tcp, pump
from attacks.siege import Siege
from gateway import Demo, alive, wait_until
from raw import BODY, Raw

SECONDS = 1.5
# As many connections as the worst of the attacks that this holds off.
CONNECTIONS = 16
MIB = 1 << 20


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A demo for all attacks, which the other tests do not use."""
    allow_descriptors(8_192)
    demo = Demo(tmp_path_factory.mktemp("attacked"))
    try:
        demo.start("psp")
        demo.start("gateway")
        yield demo
        assert alive(demo.gateway_pid), demo.logs()
    finally:
        demo.stop()


def test_the_merchant_alone(target):
    """What the figures of the attacks are to be compared with."""
    with Siege(target, "no attack"):
        time.sleep(SECONDS)


def flood(demo, data, protocol="h2", reads=True):
    """Sends the same bytes over connection after connection. How many the gateway ended, and with which codes of GOAWAY."""
    ended = []

    def attack(end):
        with connect(demo, protocol) as peer:
            tail, closed, _ = pump(peer, data, end, reads)
            if closed:
                ended.append(frames.goaway_codes(tail))

    Crowd(CONNECTIONS, SECONDS, attack).run()
    return ended


# A connection's bytes are prepared once; none is sent to its end.
@pytest.mark.parametrize(
    "name,make",
    [
        ("DATA frames of one byte", lambda demo: frames.tiny_data_frames(demo.api_keys[1], 60_000)),
        ("SETTINGS of 2,730 entries", lambda demo: frames.large_settings(60)),
        ("header lists of 12 KB from 26 bytes", lambda demo: frames.header_bombs(20_000)),
        ("GOAWAY frames", lambda demo: frames.goaways(60_000)),
        ("frames of an unknown kind", lambda demo: frames.unknown_frames(60_000)),
    ],
    ids=["tiny data", "large settings", "header bombs", "goaways", "unknown frames"],
)
def test_a_flood_of_frames_ends_its_connection_and_holds_nobody_up(target, name, make):
    data = make(target)
    with Siege(target, name) as siege:
        ended = flood(target, data)
    assert ended, "no connection was ended"
    assert siege.grown("millrace_floods_total") > 0
    assert siege.grown("millrace_floods_total") >= sum(frames.ENHANCE_YOUR_CALM in codes for codes in ended)


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_requests_without_a_key_are_answered_in_turns(target, protocol):
    """Nothing is wrong with them but their number: the gateway defers what one connection sends too much of."""
    if protocol == "h2":
        requests = frames.Requests()
        data = frames.greeting() + b"".join(requests.get("/v1/balance") for _ in range(20_000))
    else:
        data = b"GET /v1/balance HTTP/1.1\r\nhost: x\r\n\r\n" * 20_000
    with Siege(target, f"requests without a key, {protocol}") as siege:
        flood(target, data, protocol)
    assert siege.grown("millrace_responses_total") > 1_000
    if protocol == "h2":
        assert siege.grown("millrace_reads_deferred_total") > 0


def test_chunks_of_one_byte_hold_nobody_up(target):
    """As many of them as end a body that is too long."""
    head = f"POST /v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {target.api_keys[1]}\r\ntransfer-encoding: chunked\r\n\r\n"
    with Siege(target, "chunks of one byte, http/1.1") as siege:
        flood(target, head.encode() + b"1\r\n \r\n" * 70_000, "http/1.1")
    assert siege.grown("millrace_bodies_too_large_total") > 0


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_answers_that_nobody_reads_are_bounded(target, protocol):
    if protocol == "h2":
        requests = frames.Requests()
        settings = frames.setting(4, frames.GREATEST_WINDOW)
        window = frames.frame(frames.WINDOW_UPDATE, 0, 0, (frames.GREATEST_WINDOW - 65_535).to_bytes(4, "big"))
        data = frames.greeting(settings) + window + b"".join(requests.get() for _ in range(15_000))
    else:
        data = b"GET /openapi.yaml HTTP/1.1\r\nhost: x\r\n\r\n" * 15_000
    waiting = []

    def attack(end):
        with connect(target, protocol) as peer:
            pump(peer, data, end, reads=False)
            # Still there, and still unread.
            waiting.append(target.metrics()["millrace_output_waiting_bytes"])

    with Siege(target, f"answers unread, {protocol}"):
        Crowd(4, SECONDS, attack).run()
    # Of each connection at most what one may hold, and of all of them what a loop may.
    assert 0 < max(waiting) <= 2 * 128 * MIB
    wait_until(lambda: target.metrics()["millrace_output_waiting_bytes"] == 0, 30, "the end of the unread output")


@pytest.mark.parametrize("key", [None, 1], ids=["no key", "a key"])
def test_incomplete_bodies_leave_room_for_others(target, key):
    """64 MiB in bodies of 60 KB that do not end. Without a key the gateway keeps none of it, with one no more than a source's share."""
    requests = frames.Requests(target.api_keys[key] if key else None)
    piece = frames.frame(frames.DATA, 0, 0, b" " * 15_000)
    bodies = []
    for _ in range(80):
        bodies.append(requests.post())
        stream = requests.stream.to_bytes(4, "big")
        bodies += [piece[:5] + stream + piece[9:]] * 4
    data = frames.greeting() + b"".join(bodies)
    with Siege(target, f"incomplete bodies, {'with' if key else 'without'} a key", http2=False) as siege:
        flood(target, data)
    assert siege.grown("millrace_body_budget_refusals_total" if key else "millrace_bodies_refused_total") > 0


def test_silent_connections_give_way_to_newcomers(target):
    """More sockets that say nothing than a loop has places for newcomers; the merchant's every payment is over a new connection."""
    sockets = []

    def fill(end):
        while time.monotonic() < end:
            if len(sockets) < 1_400:
                sockets.append(connect_tcp(target.base_url))
            else:
                # Those that the gateway has closed for newer ones begin anew, a hundred a second.
                time.sleep(0.01)
                sockets.pop(0).close()

    try:
        with Siege(target, "1,400 silent sockets", rate=20, fresh=True) as siege:
            Crowd(1, SECONDS, fill).run()
        assert len(sockets) > 1_024
    finally:
        for peer in sockets:
            peer.close()
    assert siege.grown("millrace_newcomers_evicted_total") > 0


def test_a_bad_stream_harms_no_other_of_its_connection(target):
    """Headers of 17 KB are answered 431, two empty DATA frames are none of anybody's business; the payments beside are made."""
    statuses = []

    def attack(_):
        raw = Raw(target)
        good = [raw.open() for _ in range(2)]
        large = raw.open([("x-large", "v" * 17_000)])
        for stream in good:
            raw.h2.send_data(stream, b"")
            raw.h2.send_data(stream, b"")
            raw.h2.send_data(stream, BODY, end_stream=True)
        raw.flush()
        statuses.append([raw.status(stream) for stream in (*good, large)])
        raw.socket.close()

    with Siege(target, "headers of 17 KB, empty DATA frames") as siege:
        Crowd(2, SECONDS, attack).run()
    assert statuses and all(found == [201, 201, 431] for found in statuses), statuses
    assert siege.grown("millrace_headers_too_large_total") == len(statuses)
    assert siege.grown("millrace_connection_errors_total") == 0 and siege.grown("millrace_floods_total") == 0


def test_silent_connections_to_the_admin_port_leave_it_answering(target):
    sockets = []
    answers = []
    address = httpx.URL(target.admin_url)

    def probe(_):
        while len(sockets) < 64:
            sockets.append(connect_tcp(target.admin_url))
        connection = http.client.HTTPConnection(address.host, address.port, timeout=20)
        connection.request("GET", "/healthz")
        answers.append(connection.getresponse().status)
        connection.close()

    try:
        with Siege(target, "64 silent connections to the admin port"):
            Crowd(1, SECONDS, probe).run()
    finally:
        for peer in sockets:
            peer.close()
    assert answers and set(answers) == {200}


def test_the_gateway_is_as_before(target):
    """After all of it: nothing in flight, no connection left, the books sound."""
    with target.client() as client:
        answer = client.post("/v1/payments", content=json.dumps({"amount": 5, "currency": "EUR", "payment_method": "tok_visa"}),
            headers={"idempotency-key": str(uuid.uuid4()), "content-type": "application/json"})  # fmt: skip
        assert answer.status_code == 201
    wait_until(lambda: target.metrics()["millrace_requests_in_flight"] == 0, 30, "the end of the requests")
    wait_until(lambda: target.metrics()["millrace_connections"] == 0, 60, "the end of the connections")
    assert target.trial_balance()["balanced"]
