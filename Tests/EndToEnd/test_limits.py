"""What is full says so, with Retry-After; what it refused was not executed, and works later under the same key."""

import asyncio
import json
import re
import subprocess
import uuid

from gateway import key, payment, wait_until
from test_idempotency import post_at_once

KEYS = 1024
FEW_KEYS = f"""
loops: 1
shards: 1
idempotency:
  capacity_per_shard: {KEYS}
"""
FEW_CALLS = """
provider:
  max_in_flight_per_loop: 5
"""


def captured(demo):
    return {line["reference"] for line in demo.oracle() if line["operation"] == "capture"}


def test_a_table_of_keys_empties_into_runs_and_every_key_is_known(configured_demo):
    """Twice as many keys as fit into memory: what comes while the table is full is refused, and works later under the same key."""
    demo = configured_demo(FEW_KEYS)
    header = key()
    with demo.client() as api:
        first = api.post("/v1/payments", json=payment(), headers=header)
        done = [first]
        while len(done) <= 2 * KEYS:
            answers = asyncio.run(post_at_once(demo, 64, payment()))
            done += [answer for answer in answers if answer.status_code == 201]
            for answer in answers:
                if answer.status_code != 201:
                    assert answer.status_code == 503 and answer.json()["code"] == "idempotency_table_full"
                    assert int(answer.headers["retry-after"]) > 0 and answer.json()["retryable"] is True
        wait_until(lambda: demo.metrics()["millrace_idempotency_keys_in_runs"] > 0, 60, "keys that left memory")
        again = api.post("/v1/payments", json=payment(), headers=header)
        assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
        assert api.get(f"/v1/payments/{first.json()['id']}").status_code == 200
    assert captured(demo) == {answer.json()["id"] for answer in done}


def test_more_calls_than_the_provider_may_get_at_once_are_503_and_work_later(configured_demo):
    demo = configured_demo(FEW_CALLS)
    demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 3000}})
    answers = asyncio.run(post_at_once(demo, 60, payment()))
    assert {answer.status_code for answer in answers} == {201, 503}
    demo.profile({"preset": "clean"})
    with demo.client() as api:
        for answer in answers:
            header = {"idempotency-key": answer.request.headers["idempotency-key"]}
            again = api.post("/v1/payments", json=payment(), headers=header)
            assert again.status_code == 201
            # What was refused was not kept, what was answered was.
            assert ("idempotent-replayed" in again.headers) == (answer.status_code == 201)
            if answer.status_code == 503:
                # Of one merchant its share is used up before all calls are.
                assert answer.json()["code"] == "merchant_limit_reached" and answer.headers["retry-after"] == "1"
    assert len(captured(demo)) == 60 and all(line["executions"] == 1 for line in demo.oracle())
    assert demo.trial_balance()["balanced"]


def test_cleartext_http2_only_when_configured(own_demo):
    """By prior knowledge, without TLS, for a proxy on the same host; else there is no way without TLS."""
    port = own_demo.ports()["port"]
    command = [
        "curl", "-sS", "--http2-prior-knowledge", "--max-time", "60", "-w", "\n%{http_version} %{http_code}",
        f"http://127.0.0.1:{port}/v1/payments", "-H", f"Authorization: Bearer {own_demo.api_keys[0]}",
        "-H", "Content-Type: application/json", "-H", f"Idempotency-Key: {uuid.uuid4()}", "-d", json.dumps(payment()),
    ]  # fmt: skip
    refused = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert refused.returncode != 0 and "201" not in refused.stdout
    assert own_demo.stop_gateway() == 0
    path = own_demo.directory / "millrace.yaml"
    both = path.read_text().replace("listen:\n", "listen:\n  cleartext_h2: true\n", 1)
    path.write_text(both)
    # A certificate that protects nothing is refused.
    assert own_demo.serve().wait(30) == 78
    path.write_text(re.sub(r"  tls:\n( {4}.*\n)+", "", both))
    own_demo.serve()
    wait_until(own_demo.is_ready, 30, "readiness")
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    body, line = done.stdout.rsplit("\n", 1)
    assert line == "2 201" and json.loads(body)["status"] == "captured"
