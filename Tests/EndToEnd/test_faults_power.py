"""Power goes, and devices run out under file systems: real ones, on loop devices. What was acknowledged is there again."""

import os
import time

import pytest
from faultlab import SETTINGS, SNAPSHOTS, Trial, compiled_shim, needs, shell, volume
from gateway import Demo, wait_until

CUTS = 3


@pytest.mark.parametrize(("kind", "settings"), [("ext4", SETTINGS), ("xfs", SNAPSHOTS)], ids=["ext4", "xfs-snapshots"])
def test_power_loss_under_load(bare_demo, tmp_path, kind, settings):
    needs("mount")
    with volume(kind, tmp_path / "disk", tmp_path / "data") as disk:
        trial = Trial(bare_demo, tmp_path).prepare(settings)
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
    """The same power loss, and a gateway whose batches only reach a cache: were it not noticed, the trials above would prove
    nothing. The witness, which is synced, knows of payments that are gone, and the next start refuses."""
    needs("mount")
    with volume("xfs", tmp_path / "disk", tmp_path / "data") as disk:
        trial = Trial(bare_demo, tmp_path).prepare("\nloops: 1\n")
        os.sync()
        server = trial.serve(LD_PRELOAD=str(compiled_shim(tmp_path)), SHIM_BUFFERED="1")
        trial.begin("--duration", "2s", "--no-retries")
        trial.load.communicate(timeout=120)
        disk.cut_power()
        server.kill()
        server.wait(60)
        disk.unmount()
        disk.mount()
        trial.ends(trial.demo.serve(), 65)
        assert "says the witness" in trial.log() or "the witness saw" in trial.log(), trial.log()
        disk.unmount()


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_thin_device_that_runs_out(tmp_path, kind):
    """A file system that has room on a device that has none: the kernel takes writes, fails a sync, and may then say that all is
    well (fsyncgate). The gateway stops at the first error, or takes nothing new, and acknowledges nothing that is not kept."""
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
            wait_until(lambda: server.poll() is not None or "Either the disk is full" in trial.log(), 90, "the device's end")
            # Whatever it meets first: a refused write of a segment that is being prepared, which can wait, or a failed sync.
            time.sleep(1)
            if server.poll() is not None:
                trial.ends(server, 74)
                assert "A journal failed" in trial.log(), trial.log()
                print(f"{kind}: stopped")
                disk.unmount()
                shell("mount", "-o", "remount,size=512m", pool)
                disk.mount()
                server = trial.serve()
            else:
                print(f"{kind}: refused new payments")
                shell("mount", "-o", "remount,size=512m", pool)
            trial.conclude(server)
            disk.unmount()
    finally:
        demo.stop()
        time.sleep(0.1)
        shell("umount", "-l", pool)
