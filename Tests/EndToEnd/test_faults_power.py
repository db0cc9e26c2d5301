"""Power goes, and devices run out under file systems: real ones, on loop devices. What was acknowledged is there again."""

import os
import subprocess
import time

import pytest
from faultlab import Trial, compiled_shim, needs, shell, volume
from gateway import Demo

CUTS = 3


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_power_loss_under_load(bare_demo, tmp_path, kind):
    needs("mount")
    with volume(kind, tmp_path / "disk", tmp_path / "data") as disk:
        trial = Trial(bare_demo, tmp_path).prepare()
        # What was made at the first start must be there after a power loss like everything else: no sync of ours.
        trial.begin("--duration", "9s")
        server = trial.serve()
        for number in range(CUTS):
            trial.wait_for_requests(200 + 300 * number)
            disk.cut_power()
            # The next write fails.
            trial.ends(server, 74)
            disk.unmount()
            disk.mount()
            server = trial.serve()
        trial.conclude(server)
        disk.unmount()


def test_a_journal_that_does_not_sync_is_found_out(bare_demo, tmp_path):
    """The same power loss, and a gateway whose writes only reach a cache: the audit must miss payments."""
    needs("mount")
    with volume("ext4", tmp_path / "disk", tmp_path / "data") as disk:
        trial = Trial(bare_demo, tmp_path).prepare("\nloops: 1\n")
        os.sync()
        shim = compiled_shim(tmp_path)
        server = trial.serve(LD_PRELOAD=str(shim), SHIM_BUFFERED="1")
        trial.begin("--duration", "2s", "--no-retries")
        trial.load.communicate(timeout=120)
        disk.cut_power()
        server.kill()
        server.wait(60)
        disk.unmount()
        disk.mount()
        again = trial.serve()
        audit = subprocess.run(
            [*audit_command(trial)], capture_output=True, text=True, check=False, timeout=120
        )  # fmt: skip
        print(audit.stdout[-500:])
        assert audit.returncode != 0, "lost payments were not missed"
        trial.stop(again)
        disk.unmount()


def audit_command(trial):
    from gateway import BINARY

    return [
        BINARY, "load", "audit", "--demo", str(trial.demo.directory / "demo.json"),
        "--journal", str(trial.expectations),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_thin_device_that_runs_out(tmp_path, kind):
    """A file system that has room on a device that has none: the kernel takes writes, fails a sync, and may then say that all is
    well (fsyncgate). The gateway stops at the first error and acknowledges nothing after it."""
    needs("mount", f"mkfs.{kind}")
    pool = tmp_path / "pool"
    pool.mkdir()
    shell("mount", "-t", "tmpfs", "-o", "size=24m" if kind == "ext4" else "size=90m", "millrace-thin", pool)
    directory = tmp_path / "demo"
    directory.mkdir()
    demo = Demo(directory)
    try:
        with volume(kind, pool / "disk", directory / "data") as disk:
            trial = Trial(demo, tmp_path).prepare()
            server = trial.serve()
            trial.begin("--duration", "12s", "--rate", "1200")
            trial.ends(server, 74, seconds=90)
            assert "A journal failed" in trial.log(), trial.log()
            disk.unmount()
            shell("mount", "-o", "remount,size=512m", pool)
            disk.mount()
            trial.conclude(trial.serve())
            disk.unmount()
    finally:
        demo.stop()
        time.sleep(0.1)
        shell("umount", "-l", pool)
