"""What the tests of real faults share: a gateway under a load that outlives it, file systems to break, and tools to break them."""

import contextlib
import fcntl
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from gateway import finish, wait_until

SOURCES = Path(__file__).parent / "faults"
# Two shards share each log. Segments of a few hundred batches, so that faults meet the change of segments, too.
SETTINGS = "\nloops: 2\nshards: 4\njournal:\n  segment_bytes: 2MiB\n  max_batch_bytes: 128KiB\n"
# And snapshots every few hundred payments, from which starts begin, with settled payments out of memory.
SNAPSHOTS = (
    SETTINGS + "  snapshot:\n    journal_bytes: 128KiB\n    interval: 1s\n    bytes_per_second: 0\npayments:\n  cold_after: 0s\n"
)


def needs(*commands):
    """Skips where a command is missing (scripts/setup.sh test installs them) or the user is not root."""
    for command in commands:
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    if os.geteuid() != 0:
        pytest.skip("this needs root")


def shell(*command):
    """Runs a command; fails with its output unless it succeeds."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip()


def strace(log, *options):
    """The prefix that runs a process under strace, as a child of the caller all the same."""
    return ["strace", "-D", "-f", "-qq", "-e", "signal=none", "-o", log, *options]


class Trial:
    """A demo under one load that goes on while its gateway dies and comes back, and an audit of all at the end."""

    def __init__(self, demo, directory):
        self.demo = demo
        self.expectations = Path(directory) / "expectations"
        self.report = Path(directory) / "report"
        self.load = None

    def prepare(self, settings=SETTINGS):
        """Starts the provider, and the gateway once, so that its directory and addresses exist."""
        self.demo.start("psp")
        self.demo.configure(settings)
        self.demo.start("gateway")
        assert self.demo.stop_gateway() == 0
        return self

    def serve(self, *prefix, **environment):
        """A gateway that is ready."""
        server = self.demo.serve(*prefix, **environment)

        def ready():
            assert server.poll() is None, f"the gateway ended with {server.returncode}: {self.log()}"
            return self.demo.is_ready()

        wait_until(ready, 60, "readiness")
        return server

    def begin(self, *arguments, scenario="crash"):
        """Starts the load, with retries unless told otherwise."""
        self.load = self.demo.load(
            scenario, "--journal", self.expectations, "--report", self.report, "--no-audit", *arguments
        )

    def wait_for_requests(self, count=100):
        before = self.requests()
        wait_until(lambda: self.requests() >= before + count, 30, "the load")

    def requests(self):
        return self.demo.metrics()["millrace_requests_total"]

    def ends(self, server, *statuses, seconds=60):
        """Waits for a gateway's end; fails unless it exits with one of `statuses`."""
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the gateway goes on: {self.log()}") from None
        assert server.returncode in statuses, f"{server.returncode}: {self.log()}"
        return server.returncode

    def stop(self, server):
        server.terminate()
        self.ends(server, 0)

    def log(self):
        return (self.demo.directory / "serve.log").read_text()[-6000:]

    def conclude(self, server):
        """Every request of the load gets its final answer, and everything acknowledged is there exactly once."""
        output = finish(self.load)
        audit = self.demo.audit(self.expectations).stdout.splitlines()[0]
        self.stop(server)
        self.demo.verify_journals()
        print(audit)
        return output

    def statuses(self):
        """How often the finished load got which status; 0 is a request without an answer."""
        total = json.loads((self.report / "report.json").read_text())["total"]
        return {int(status): count for status, count in total["statuses"].items()}


class Volume:
    """A file system of its own in an image behind a loop device."""

    # _IOR('X', 125, u32), the same for both; 2: without flushing the log.
    SHUTDOWN = 0x8004587D
    NO_LOG_FLUSH = 2

    def __init__(self, kind, image, mount_point, megabytes=400):
        self.kind = kind
        self.image = Path(image)
        self.mount_point = Path(mount_point)
        self.image.touch()
        os.truncate(self.image, megabytes << 20)
        quiet = ["-q", "-F"] if kind == "ext4" else ["-q", "-f"]
        shell(f"mkfs.{kind}", *quiet, self.image)
        self.mount_point.mkdir(parents=True, exist_ok=True)

    def mount(self):
        options = ["-o", "loop,nouuid" if self.kind == "xfs" else "loop"]
        done = subprocess.run(
            ["mount", "-t", self.kind, *options, str(self.image), str(self.mount_point)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"no loop device: {done.stderr.strip()}")

    def unmount(self):
        shell("umount", self.mount_point)

    def cut_power(self):
        """Everything that is not on the device is gone: what was not synced, and what the log had not written."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, self.SHUTDOWN, struct.pack("I", self.NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def give_up(self):
        subprocess.run(["umount", "-l", str(self.mount_point)], capture_output=True, check=False)


@contextlib.contextmanager
def volume(kind, image, mount_point, **options):
    needs(f"mkfs.{kind}")
    made = Volume(kind, image, mount_point, **options)
    made.mount()
    try:
        yield made
    finally:
        made.give_up()


def compiled_shim(directory):
    """The preloaded library of faults/shim.c."""
    needs("cc")
    library = Path(directory) / "shim.so"
    shell("cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCES / "shim.c", "-ldl")
    return library
