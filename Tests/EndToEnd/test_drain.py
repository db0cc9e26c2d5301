"""SIGTERM: whoever is being served is answered, nobody is lost, and the exit status says that all went well."""

import asyncio
import contextlib
import json
import resource
import signal
import socket
import ssl
import subprocess
import uuid

import httpx
from gateway import BINARY, finish, payment, wait_until
from test_crash import wait_for_load

IN_FLIGHT = 60


def in_flight(demo):
    return demo.metrics()["millrace_requests_in_flight"]


def curl_in_parallel(demo, count):
    """`count` payments at once by one curl, each with a key of its own; prints their statuses."""
    transfer = [
        f'url = "{demo.base_url}/v1/payments"',
        f'header = "Authorization: Bearer {demo.api_keys[0]}"',
        'header = "Content-Type: application/json"',
        f"data = {json.dumps(json.dumps(payment()))}",
        f'cacert = "{demo.ca_cert}"',
        'output = "/dev/null"',
        'write-out = "%{http_version} %{http_code}\\n"',
        "http2\nmax-time = 60\nsilent\nshow-error",
    ]
    transfers = ["\n".join([*transfer, f'header = "Idempotency-Key: {uuid.uuid4()}"']) for _ in range(count)]
    process = subprocess.Popen(
        ["curl", "--parallel", "--parallel-immediate", "--parallel-max", str(count), "--config", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write("\nnext\n".join(transfers))
    process.stdin.close()
    return process


def test_requests_in_flight_are_answered(own_demo):
    assert own_demo.stop_gateway() == 0
    server = own_demo.serve()
    wait_until(own_demo.is_ready, 30, "readiness")
    own_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 6000}})
    clients = curl_in_parallel(own_demo, IN_FLIGHT)
    wait_until(lambda: in_flight(own_demo) == IN_FLIGHT, 30, "the requests in flight")
    server.send_signal(signal.SIGTERM)
    wait_until(lambda: not own_demo.is_ready(), 30, "the end of readiness")
    try:
        with own_demo.client() as late:
            answer = late.post("/v1/payments", json=payment(), headers={"idempotency-key": str(uuid.uuid4())})
            assert answer.status_code == 503 and answer.json()["code"] == "draining"
    except httpx.TransportError:
        pass  # No new connections any more: as clear.
    assert clients.wait(60) == 0, clients.stderr.read()
    assert clients.stdout.read().splitlines() == ["2 201"] * IN_FLIGHT
    assert server.wait(60) == 0
    own_demo.verify_journals()


def test_a_client_that_gives_up_at_the_first_goaway_gets_its_answers(own_demo):
    """httpx takes any GOAWAY for the end of all requests on the connection."""
    assert own_demo.stop_gateway() == 0
    own_demo.configure("lame_duck: 2s\n")
    server = own_demo.serve()
    wait_until(own_demo.is_ready, 30, "readiness")
    own_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 5000}})
    answers = []

    async def pay():
        context = ssl.create_default_context(cafile=own_demo.ca_cert)
        headers = {"authorization": f"Bearer {own_demo.api_keys[0]}"}
        async with httpx.AsyncClient(
            base_url=own_demo.base_url, headers=headers, http2=True, http1=False, verify=context, timeout=30
        ) as api:
            first = await api.get("/v1/payments/pay_unknown")
            assert first.http_version == "HTTP/2"
            running = [
                asyncio.create_task(api.post("/v1/payments", json=payment(), headers={"idempotency-key": str(uuid.uuid4())}))
                for _ in range(8)
            ]
            while await asyncio.to_thread(in_flight, own_demo) < len(running):
                await asyncio.sleep(0.02)
            server.send_signal(signal.SIGTERM)
            while await asyncio.to_thread(own_demo.is_ready):
                await asyncio.sleep(0.02)
            # In the lame-duck time new work is taken as before.
            running.append(
                asyncio.create_task(api.post("/v1/payments", json=payment(), headers={"idempotency-key": str(uuid.uuid4())}))
            )
            answers.extend(await asyncio.gather(*running))

    asyncio.run(pay())
    assert [answer.status_code for answer in answers] == [201] * 9
    assert server.wait(60) == 0


def test_the_admin_port_closes_last(own_demo):
    assert own_demo.stop_gateway() == 0
    own_demo.configure("lame_duck: 1s\n")
    server = own_demo.serve()
    wait_until(own_demo.is_ready, 30, "readiness")
    own_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 3000}})
    clients = curl_in_parallel(own_demo, 4)
    wait_until(lambda: in_flight(own_demo) == 4, 30, "the requests in flight")
    server.send_signal(signal.SIGTERM)
    seen = []

    def merchants_port_is_closed():
        answer = httpx.get(f"{own_demo.admin_url}/readyz", timeout=5)
        seen.append((answer.status_code, httpx.get(f"{own_demo.admin_url}/healthz", timeout=5).status_code))
        try:
            socket.create_connection(("127.0.0.1", own_demo.ports()["port"]), timeout=5).close()
        except ConnectionRefusedError:
            return True
        return False

    # Whoever watches sees "draining" until the merchants' port has closed: the admin port has never refused.
    wait_until(lambda: httpx.get(f"{own_demo.admin_url}/readyz", timeout=5).status_code == 503, 10, "the end of readiness")
    with contextlib.suppress(httpx.ConnectError):
        wait_until(merchants_port_is_closed, 30, "the end of the merchants' port")
    assert len(seen) > 10 and set(seen) == {(503, 200)}
    assert clients.wait(60) == 0 and server.wait(60) == 0


def test_a_hang_up_without_anything_to_read_again_ends_nothing(own_demo):
    assert own_demo.stop_gateway() == 0
    server = own_demo.serve()
    wait_until(own_demo.is_ready, 30, "readiness")
    log = own_demo.directory / "serve.log"
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: "Nothing to read again at SIGHUP" in log.read_text(), 10, "the line in the log")
    with own_demo.client() as api:
        answer = api.post("/v1/payments", json=payment(), headers={"idempotency-key": str(uuid.uuid4())})
        assert answer.status_code == 201
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0


def test_a_restart_under_load_loses_nothing(own_demo, tmp_path):
    journal = tmp_path / "expectations"
    load = own_demo.load("crash", "--journal", journal, "--no-audit")
    wait_for_load(own_demo, load)
    assert own_demo.stop_gateway() == 0
    own_demo.start("gateway")
    finish(load)
    own_demo.audit(journal)


def test_a_journal_that_fails_during_the_drain_is_status_74(own_demo):
    assert own_demo.stop_gateway() == 0
    own_demo.configure("drain_timeout: 5s\n")
    # Python ignores SIGXFSZ, and so does this child: a write above the limit is an error then, like that of a bad disk.
    server = subprocess.Popen(
        [BINARY, "serve", "--config", str(own_demo.directory / "millrace.yaml")],
        env=own_demo.environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, restore_signals=False,
    )  # fmt: skip
    own_demo.processes["serve"] = server
    wait_until(own_demo.is_ready, 30, "readiness")
    own_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 3000}})
    clients = curl_in_parallel(own_demo, 4)
    wait_until(lambda: in_flight(own_demo) == 4, 30, "the requests in flight")
    server.send_signal(signal.SIGTERM)
    wait_until(lambda: not own_demo.is_ready(), 10, "the end of readiness")
    # The outcomes come after this and cannot be written.
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, 0))
    _, errors = server.communicate(timeout=60)
    assert server.returncode == 74 and "A journal failed" in errors, errors
    clients.wait(60)
    # Nobody was told of an outcome that is not kept.
    assert "2 201" not in clients.stdout.read().splitlines()
    own_demo.verify_journals()
