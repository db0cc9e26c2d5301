"""The wall clock jumps, in either direction, while the gateway runs and between its starts: keys, identifiers, times and the
journal are not confused."""

import pytest
from faultlab import Trial, needs, shell
from gateway import key, payment


@pytest.fixture
def clock(tmp_path):
    """A file that says what the gateway's wall clock shows; sets it to so many seconds from now."""
    needs("faketime")
    library = shell("find", "/usr/lib", "-name", "libfaketimeMT.so.1").splitlines()
    if not library:
        pytest.skip("libfaketime is not installed")
    path = tmp_path / "clock"

    def jump(seconds):
        path.write_text(f"{seconds:+d}s\n")

    jump.environment = {
        "LD_PRELOAD": library[0],
        "FAKETIME_TIMESTAMP_FILE": str(path),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    jump(0)
    return jump


def test_the_clock_jumps(bare_demo, tmp_path, clock):
    trial = Trial(bare_demo, tmp_path).prepare("\nloops: 1\n")
    seen = []

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
        for seconds in jumps:
            clock(seconds)
            pay()
            compare()
        trial.stop(server)
    created = [answer.json()["created_at"] for _, answer in seen]
    assert created == sorted(created), "time ran backwards for the journal"
    identifiers = [answer.json()["id"] for _, answer in seen]
    assert len(set(identifiers)) == len(identifiers)
    trial.demo.verify_journals()
    assert all(line["executions"] == 1 for line in trial.demo.oracle())
