"""nginx and HAProxy before the gateway, and on its way to the provider: payments, replays and errors come through as they are,
connections are used again, and what a proxy answers by itself is never taken for the gateway's or the provider's word.
"""

import json
import os
import signal
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gateway import alive, finish, key, payment, wait_until
from proxies import Proxy

PAYMENTS = 40
# The proxy, and what it speaks to the gateway or the provider: nginx speaks HTTP/1.1 there.
WAYS = [("nginx", "1.1"), ("haproxy", "1.1"), ("haproxy", "2")]
SHORT = """
name: short
mix: {sale: 3, authorize: 2, capture: 1, refund: 1, get: 1}
duplicates: {rate: 0.2}
phases: [{duration: 2s, rate: 50}]
"""


@pytest.fixture(params=WAYS, ids=["nginx-http1", "haproxy-http1", "haproxy-http2"])
def before(request, demo, tmp_path):
    """A proxy before the gateway."""
    program, version = request.param
    proxy = Proxy(program, tmp_path / "proxy", upstream=demo.base_url, certs=os.path.dirname(demo.ca_cert), version=version)
    try:
        yield proxy.start()
    finally:
        proxy.stop()


@pytest.fixture(params=WAYS, ids=["nginx-http1", "haproxy-http1", "haproxy-http2"])
def behind(request, own_demo, tmp_path):
    """A gateway whose way to the provider is a proxy, and that proxy. The proxy gives the provider two seconds."""
    program, version = request.param
    own_demo.kill_gateway()
    certs = os.path.dirname(own_demo.ca_cert)
    proxy = Proxy(program, tmp_path / "proxy", upstream=own_demo.psp_url, certs=certs, version=version, timeout=2)
    try:
        proxy.start()
        own_demo.serve(
            MILLRACE_PROVIDER_URL=proxy.url,
            MILLRACE_PROVIDER_TLS_CA_FILE=own_demo.ca_cert,
            MILLRACE_TLS_CERTIFICATE_FILE=f"{certs}/server.pem",
            MILLRACE_TLS_KEY_FILE=f"{certs}/server.key",
        )
        wait_until(own_demo.is_ready, 30, "the gateway")
        yield own_demo, proxy
    finally:
        proxy.stop()


def through(demo, proxy, **options):
    client = demo.client(**options)
    client.base_url = proxy.url
    return client


def executions(demo, identifier):
    return {line["operation"]: line["executions"] for line in demo.oracle(identifier)}


@pytest.mark.parametrize("http2", [True, False], ids=["client-http2", "client-http1"])
def test_payments_and_replays_come_through(demo, before, http2):
    accepted = demo.metrics()["millrace_connections_accepted_total"]
    with through(demo, before, http2=http2) as api:
        headers = [key() for _ in range(PAYMENTS)]
        first = [api.post("/v1/payments", json=payment(capture=number % 2 == 0), headers=headers[number]) for number in range(PAYMENTS)]
        assert {answer.status_code for answer in first} == {201}
        assert {answer.http_version for answer in first} == {"HTTP/2" if http2 else "HTTP/1.1"}
        again = [api.post("/v1/payments", json=payment(capture=number % 2 == 0), headers=headers[number]) for number in range(PAYMENTS)]
        assert [answer.content for answer in again] == [answer.content for answer in first]
        assert all(answer.headers["idempotent-replayed"] == "true" for answer in again)
        for number, answer in enumerate(first):
            identifier = answer.json()["id"]
            done = api.post(f"/v1/payments/{identifier}/{'refunds' if number % 2 == 0 else 'capture'}", json={"amount": 5}, headers=key())
            assert done.status_code == (201 if number % 2 == 0 else 200), done.text
            assert executions(demo, identifier) == {"authorize": 1, "capture": 1, **({"refund": 1} if number % 2 == 0 else {})}
    # Three requests for each payment; the proxy used a few connections for all of them.
    assert demo.metrics()["millrace_connections_accepted_total"] - accepted <= 12


def test_many_clients_at_once(demo, before):
    """Each with a connection of its own to the proxy, which puts their requests on connections that they share."""

    def pay(number):
        with through(demo, before, http2=number % 2 == 0) as api:
            header = key()
            answers = [api.post("/v1/payments", json=payment(amount=1000 + number), headers=header) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [201] * 3, answers[-1].text
            assert len({answer.content for answer in answers}) == 1 and answers[0].json()["amount"] == 1000 + number
            return answers[0].json()["id"]

    with ThreadPoolExecutor(8) as pool:
        identifiers = list(pool.map(pay, range(24)))
    assert len(set(identifiers)) == 24
    assert all(executions(demo, identifier) == {"authorize": 1, "capture": 1} for identifier in identifiers)


def test_refusals_come_through_as_they_are(demo, before):
    with through(demo, before) as api:
        declined = api.post("/v1/payments", json=payment(payment_method="tok_decline_expired_card"), headers=key())
        invalid = api.post("/v1/payments", json=payment(amount=0), headers=key())
        without_key = api.post("/v1/payments", json=payment())
        unknown = api.get("/v1/payments/pay_01m7yky91v000g00000000001a")
        api.headers["authorization"] = "Bearer mk_nobody"
        stranger = api.post("/v1/payments", json=payment(), headers=key())
        answers = [declined, invalid, without_key, unknown, stranger]
        assert [answer.status_code for answer in answers] == [402, 400, 400, 404, 401]
        assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers)


def curl(demo, proxy, *arguments):
    """Posts a payment; the body of the answer and its status."""
    done = subprocess.run(
        [
            "curl", "-sS", "--max-time", "30", "--cacert", demo.ca_cert, "-w", "\n%{http_code}", f"{proxy.url}/v1/payments",
            "-H", f"Authorization: Bearer {demo.api_keys[0]}", "-H", "Content-Type: application/json",
            "-H", f"Idempotency-Key: {key()['idempotency-key']}", *arguments,
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    body, status = done.stdout.rsplit("\n", 1)
    return json.loads(body), int(status)


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_a_body_that_is_too_large_is_refused_by_the_gateway(demo, before, tmp_path, version):
    large = tmp_path / "large.json"
    # HAProxy passes on an answer that comes before the body's end only while the body fits into its buffers.
    large.write_bytes(b" " * 70_000)
    body, status = curl(demo, before, version, "--data-binary", f"@{large}")
    assert status == 413 and body["code"] == "body_too_large", body


def test_a_client_that_waits_for_100_continue(demo, before):
    body, status = curl(demo, before, "--http1.1", "-H", "Expect: 100-continue", "-d", json.dumps(payment()))
    assert status == 201 and body["status"] == "captured", body


def test_a_load_below_a_path_of_the_proxy(demo, tmp_path):
    scenario = tmp_path / "short.yaml"
    scenario.write_text(SHORT)
    proxy = Proxy("nginx", tmp_path / "proxy", upstream=demo.base_url, certs=os.path.dirname(demo.ca_cert))
    try:
        proxy.start()
        target = ("--target", f"{proxy.url}/pay/", "--ca", demo.ca_cert, "--api-key", demo.api_keys[0], "--connections", "2")
        output = finish(demo.load(scenario, *target, demo=False))
        assert f"{proxy.url}/pay" in output, output
        paths = {line.split('"')[1].split()[1] for line in (tmp_path / "proxy/nginx-access.log").read_text().splitlines()}
        assert paths and all(path.startswith("/pay/v1/payments") for path in paths), paths
    finally:
        proxy.stop()


def test_a_gateway_that_dies_behind_its_proxy_charges_once(own_demo, tmp_path):
    """The proxy's own 502 or 503 is no answer of the gateway: the same key is sent again, and is executed once."""
    proxy = Proxy("haproxy", tmp_path / "proxy", upstream=own_demo.base_url, certs=os.path.dirname(own_demo.ca_cert), version="2")
    try:
        proxy.start()
        own_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 300}})
        header = key()
        with ThreadPoolExecutor(1) as pool, httpx.Client(
            base_url=proxy.url, verify=ssl.create_default_context(cafile=own_demo.ca_cert), timeout=30
        ) as plain:
            plain.headers["authorization"] = f"Bearer {own_demo.api_keys[0]}"
            lost = pool.submit(plain.post, "/v1/payments", json=payment(), headers=header)
            # The provider has executed it, and its answer is still on its way.
            wait_until(own_demo.oracle, 30, "the charge")
            own_demo.kill_gateway()
            assert lost.result(timeout=60).status_code in (502, 503)
            assert plain.post("/v1/payments", json=payment(), headers=header).status_code in (502, 503)
        own_demo.start("gateway")
        with through(own_demo, proxy) as api:

            def answered():
                answer = api.post("/v1/payments", json=payment(), headers=header)
                return answer if answer.status_code == 201 else None

            created = wait_until(answered, 60, "the payment")
            assert created.json()["status"] == "captured"
        assert executions(own_demo, created.json()["id"]) == {"authorize": 1, "capture": 1}
        assert len(own_demo.oracle()) == 2
    finally:
        proxy.stop()


def test_the_way_to_the_provider(behind):
    demo, _ = behind
    with demo.client() as api:
        for number in range(PAYMENTS):
            sale = api.post("/v1/payments", json=payment(amount=500 + number), headers=key())
            assert sale.status_code == 201, sale.text
            refund = api.post(f"/v1/payments/{sale.json()['id']}/refunds", json={"amount": 5}, headers=key())
            assert refund.status_code == 201, refund.text
            assert executions(demo, sale.json()["id"]) == {"authorize": 1, "capture": 1, "refund": 1}
        declined = api.post("/v1/payments", json=payment(payment_method="tok_decline_expired_card"), headers=key())
        assert declined.status_code == 402 and declined.json()["decline"]["standard_code"] == "expired_card"
    assert demo.metrics()["millrace_provider_dials_total"] <= 12


@pytest.mark.parametrize("mode", ["reset", "close"])
def test_what_was_executed_and_lost_behind_the_proxy_is_not_called_failed(behind, mode):
    """The provider executes, and its connection breaks every time. nginx answers 502; HAProxy resets the gateway's stream with
    REFUSED_STREAM, which by RFC 9113 would mean that nothing was done."""
    demo, _ = behind
    demo.profile({"preset": "clean", "drop_rate": 1, "drop_modes": {mode: 1}, "drop_first_only": False})
    with demo.client() as api:
        for number in range(3):
            header, body = key(), payment(amount=700 + number)
            first = api.post("/v1/payments", json=body, headers=header)
            assert first.status_code in (201, 202), first.text
            path = f"/v1/payments/{first.json()['id']}"
            wait_until(lambda path=path: api.get(path).json()["status"] == "captured", 60, "the outcome")
            assert executions(demo, first.json()["id"]) == {"authorize": 1, "capture": 1}
            assert api.post("/v1/payments", json=body, headers=header).status_code == 201
    assert len({line["reference"] for line in demo.oracle()}) == 3


def test_what_the_proxy_answers_is_not_the_providers_word(behind):
    """The provider executes, and the proxy answers 504 in its place: the outcome is unknown, is asked for, and the charge is one."""
    demo, proxy = behind
    header = key()
    os.kill(demo.psp_pid, signal.SIGSTOP)
    try:
        with demo.client() as api:
            answer = api.post("/v1/payments", json=payment(), headers=header)
            assert answer.status_code == 202 and answer.json()["status"] == "processing", answer.text
    finally:
        os.kill(demo.psp_pid, signal.SIGCONT)
    assert alive(demo.psp_pid)
    path = f"/v1/payments/{answer.json()['id']}"
    with demo.client() as api:
        wait_until(lambda: api.get(path).json()["status"] != "processing", 60, "the outcome")
        settled = api.get(path).json()
        # The provider read the request before it was stopped, or when it went on; or the proxy took it back.
        assert (settled["status"], executions(demo, answer.json()["id"])) in [
            ("captured", {"authorize": 1, "capture": 1}), ("failed", {}),
        ]  # fmt: skip
        # And the way is open again.
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    proxy.stop()
    with demo.client() as api:
        refused = api.post("/v1/payments", json=payment(), headers=key())
        # Nobody listens any more: certainly not executed, or unknown where a connection was still open.
        assert refused.status_code in (202, 502, 503), refused.text
    proxy.start()
    with demo.client() as api:
        if refused.status_code == 202:
            path = f"/v1/payments/{refused.json()['id']}"
            wait_until(lambda: api.get(path).json()["status"] != "processing", 60, "the outcome")
        wait_until(lambda: api.post("/v1/payments", json=payment(), headers=key()).status_code == 201, 30, "the way to the provider")
    assert all(line["executions"] == 1 for line in demo.oracle())
