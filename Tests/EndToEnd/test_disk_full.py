"""The disk fills up under load: nobody is told of a payment that is not kept, and room brings everything back."""

import json
import os
import subprocess

import pytest
from gateway import Demo, run, wait_until

ROOM = "size=8m"
MORE_ROOM = "size=128m"
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


@pytest.fixture
def small_demo(tmp_path):
    """A demo whose data directory has little room."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    demo = Demo(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    mounted = mount("-o", ROOM, "millrace-test", data)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        demo.start("psp")
        demo.configure(SETTINGS)
        demo.start("gateway")
        assert demo.stop_gateway() == 0
        yield demo
    finally:
        demo.stop()
        subprocess.run(["umount", str(data)], check=False)


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
