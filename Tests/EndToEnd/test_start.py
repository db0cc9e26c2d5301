"""While journals are recovered, whoever watches the process sees that it lives and takes no requests yet."""

import os
import signal

import httpx
import pytest
from gateway import key, payment, wait_until


def code(demo, path):
    answer = httpx.get(f"{demo.admin_url}{path}", timeout=5)
    return answer.status_code, answer.json().get("code") if "json" in answer.headers["content-type"] else answer.text


def test_the_admin_port_answers_while_journals_are_recovered(own_demo):
    assert own_demo.stop_gateway() == 0
    # Reading it waits for somebody who writes: a recovery of any length.
    snapshot = own_demo.directory / f"data/shard-000/snapshots/{10**9:020}.snapshot"
    os.mkfifo(snapshot)
    server = own_demo.serve()

    def is_alive():
        assert server.poll() is None
        try:
            return code(own_demo, "/healthz") == (200, "ok\n")
        except httpx.HTTPError:
            return False

    wait_until(is_alive, 30, "liveness")
    for path in ("/readyz", "/metrics", "/ledger/trial-balance", "/audit/payments", "/unresolved"):
        assert code(own_demo, path) == (503, "starting"), path
    with pytest.raises(httpx.ConnectError):
        httpx.get(own_demo.base_url, verify=False, timeout=5)
    snapshot.open("wb").close()
    wait_until(own_demo.is_ready, 60, "readiness")
    with own_demo.client() as api:
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
    own_demo.verify_journals()
