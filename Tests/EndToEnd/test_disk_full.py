"""The disk fills up under load: nobody is told of a payment that is not kept, and room brings everything back."""

import contextlib
import json
import os
import subprocess

import httpx
import pytest
from faultlab import SOURCES, Trial
from gateway import Demo, key, payment, run, wait_until

# A file system that others may write to is refused.
ROOM = "size=8m,mode=0700"
MORE_ROOM = "size=128m,mode=0700"
# Small segments, one shard: full after some thousand payments.
SETTINGS = """
loops: 1
shards: 1
journal:
  segment_bytes: 2MiB
  max_batch_bytes: 128KiB
"""


def mount(*arguments):
    return subprocess.run(["mount", "-t", "tmpfs", *map(str, arguments)], capture_output=True, text=True, check=False)


@contextlib.contextmanager
def mounted_demo(directory, room, settings):
    """A demo whose data directory is a file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    demo = Demo(directory)
    data = directory / "data"
    data.mkdir()
    mounted = mount("-o", room, "millrace-test", data)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        demo.start("psp")
        demo.configure(settings)
        demo.start("gateway")
        assert demo.stop_gateway() == 0
        yield demo
    finally:
        demo.stop()
        subprocess.run(["umount", str(data)], check=False)


@pytest.fixture
def small_demo(tmp_path):
    with mounted_demo(tmp_path, ROOM, SETTINGS) as demo:
        yield demo


@pytest.fixture
def roomy_demo(tmp_path):
    with mounted_demo(tmp_path, MORE_ROOM, SETTINGS.replace("2MiB", "8MiB")) as demo:
        yield demo


def test_a_full_disk_refuses_and_room_brings_everything_back(small_demo, tmp_path):
    server = small_demo.serve()
    wait_until(small_demo.is_ready, 30, "readiness")
    expectations, report = tmp_path / "expectations", tmp_path / "report"
    load = small_demo.load(
        "crash", "--journal", expectations, "--report", report, "--no-audit", "--no-retries",
        "--rate", "1000", "--duration", "8s",
    )  # fmt: skip
    output, _ = load.communicate(timeout=240)
    total = json.loads((report / "report.json").read_text())["total"]
    statuses = {int(status): count for status, count in total["statuses"].items()}
    assert load.returncode != 0, f"the disk did not fill up:\n{output}"
    # 0 is a request without an answer.
    assert set(statuses) <= {0, 200, 201, 202, 402, 409, 422, 503}, output
    if server.poll() is None:
        assert statuses[503] > 0, output
        server.terminate()
        server.wait(60)
    else:
        assert server.returncode == 74 and "critical" in (small_demo.directory / "serve.log").read_text()
    assert mount("-o", f"remount,{MORE_ROOM}", "millrace-test", small_demo.directory / "data").returncode == 0
    small_demo.start("gateway")
    small_demo.audit(expectations)
    assert small_demo.stop_gateway() == 0
    run("journal", "verify", small_demo.directory / "data", status=0)


def test_outcomes_of_what_is_in_flight_fit_when_the_disk_is_full(roomy_demo, tmp_path):
    """Hundreds of payments at a slow provider, and not a byte free for another segment: all of them end as they would have, new
    ones are refused, and room brings everything back without a restart."""
    data = roomy_demo.directory / "data"
    trial = Trial(roomy_demo, tmp_path)
    server = trial.serve()
    roomy_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 4000}})
    trial.begin("--rate", "300", "--duration", "10s", scenario=SOURCES / "refused.yaml")

    def gauge(name):
        return roomy_demo.metrics()[f"millrace_{name}"]

    wait_until(lambda: gauge("operations_running") >= 200, 30, "payments in flight")
    ballast = data / "ballast"
    with ballast.open("wb", buffering=0) as file:
        # Up to the last byte.
        while True:
            try:
                file.write(bytes(1 << 16))
            except OSError:
                break
    most = 0

    def refused():
        nonlocal most
        most = max(most, gauge("operations_running"))
        return gauge("refusals_total") > 50

    wait_until(refused, 60, "refusals")
    # Balancers send new payments elsewhere; the process lives.
    wait_until(lambda: not roomy_demo.is_ready(), 10, "the end of readiness")
    answer = httpx.get(f"{roomy_demo.admin_url}/readyz", timeout=5)
    assert answer.status_code == 503 and answer.json()["code"] == "journal_room_short"
    assert httpx.get(f"{roomy_demo.admin_url}/healthz", timeout=5).status_code == 200
    assert gauge("journal_reserved_bytes") <= gauge("journal_room_bytes")
    wait_until(lambda: gauge("operations_running") == 0, 60, "the end of what was in flight")
    trial.load.communicate(timeout=120)
    statuses = trial.statuses()
    print(f"{most:.0f} in flight at most; {statuses}")
    # 0 would be a request without an answer, 202 one whose outcome was not known.
    assert set(statuses) <= {201, 402, 503} and statuses[503] > 50 and statuses[201] >= 200, statuses
    assert most >= 200 and server.poll() is None, trial.log()
    assert "Either the disk is full" in trial.log()
    roomy_demo.audit(trial.expectations)
    ballast.unlink()
    roomy_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 0}})
    with roomy_demo.client() as api:
        # The rest of the segment in use may hold a payment or two: the journal has room when another segment stands ready.
        wait_until(lambda: gauge("journal_room_bytes") > 4 << 20, 30, "another segment")
        for _ in range(50):
            assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    wait_until(roomy_demo.is_ready, 30, "readiness")
    trial.stop(server)
    roomy_demo.verify_journals()
