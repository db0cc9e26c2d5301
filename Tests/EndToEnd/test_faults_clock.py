"""The wall clock jumps, in either direction, while the gateway runs and between its starts: keys, identifiers, times and the
journal are not confused."""

import struct
from datetime import UTC, datetime

import pytest
from faultlab import Trial, compiled_shim
from gateway import key, payment


@pytest.fixture
def clock(tmp_path):
    """Sets what the gateway's wall clock shows to so many seconds from now, at any time."""
    path = tmp_path / "clock"
    path.write_bytes(bytes(8))

    def jump(seconds):
        with path.open("r+b") as file:
            file.write(struct.pack("<q", seconds))

    jump.environment = {"LD_PRELOAD": str(compiled_shim(tmp_path)), "SHIM_CLOCK": str(path)}
    return jump


def test_the_clock_jumps(bare_demo, tmp_path, clock):
    trial = Trial(bare_demo, tmp_path).prepare("\nloops: 1\n")
    seen = []
    shown = False

    def pay(count=5):
        with trial.demo.client() as api:
            for _ in range(count):
                header = key()
                answer = api.post("/v1/payments", json=payment(), headers=header)
                assert answer.status_code == 201, answer.text
                seen.append((header, answer))

    def compare():
        with trial.demo.client() as api:
            for header, first in seen:
                again = api.post("/v1/payments", json=payment(), headers=header)
                assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
                assert api.get(f"/v1/payments/{first.json()['id']}").json() == first.json()

    # Of a start, and of the jumps while it runs: two days ahead is longer than keys are remembered.
    for begin, jumps in ((0, (3600, -3600)), (-7200, (0, 172800)), (3600, (-86400,)), (-3600, ())):
        clock(begin)
        server = trial.serve(**clock.environment)
        compare()
        pay()
        last = datetime.fromisoformat(seen[-1][1].json()["created_at"].replace("Z", "+00:00"))
        shown = shown or (last - datetime.now(UTC)).total_seconds() > 3000
        for seconds in jumps:
            clock(seconds)
            pay()
            compare()
        trial.stop(server)
    assert shown, "the shim did not reach the gateway"
    created = [answer.json()["created_at"] for _, answer in seen]
    assert created == sorted(created), "time ran backwards for the journal"
    identifiers = [answer.json()["id"] for _, answer in seen]
    assert len(set(identifiers)) == len(identifiers)
    trial.demo.verify_journals()
    assert all(line["executions"] == 1 for line in trial.demo.oracle())
