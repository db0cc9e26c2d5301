"""What a gateway does when its data directory is held, damaged or torn."""

import struct

import pytest
from gateway import alive, key, payment, run

BLOCK = 4096


@pytest.fixture
def stopped(own_demo):
    """A demo whose gateway ended well after some payments; `answers` has what was answered, by key."""
    own_demo.answers = pay(own_demo)
    assert own_demo.stop_gateway() == 0
    return own_demo


def pay(demo):
    """20 payments: their keys and answers."""
    keys = [key() for _ in range(20)]
    with demo.client() as api:
        return [(header, api.post("/v1/payments", json=payment(), headers=header).content) for header in keys]


def batches(path):
    """Offset and size of each batch frame of a segment (docs/journal.md)."""
    data = path.read_bytes()
    offset = BLOCK
    while data[offset + 8 : offset + 12] == b"MRBF":
        length = struct.unpack_from("<I", data, offset + 36)[0]
        size = -(-(256 + length) // BLOCK) * BLOCK
        yield offset, size
        offset += size


def used_segment(demo):
    """The first segment of a log that has batches."""
    segments = sorted((demo.directory / "data").glob("log-*/*.journal"))
    return next(segment for segment in segments if any(True for _ in batches(segment)))


def flip(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def compare(demo):
    """Every answer that was given before is given again."""
    with demo.client() as api:
        for header, content in demo.answers:
            assert api.post("/v1/payments", json=payment(), headers=header).content == content


def serve(demo):
    """`millrace serve` over the directory to its end."""
    return run("serve", "--config", demo.directory / "millrace.yaml", env=demo.environment(MILLRACE_LISTEN_PORT="0"))


def test_a_second_gateway_is_refused(own_demo):
    second = run(
        "serve", "--config", own_demo.directory / "millrace.yaml",
        env=own_demo.environment(MILLRACE_LISTEN_PORT="0", MILLRACE_ADMIN_PORT="0"), status=75,
    )  # fmt: skip
    assert str(own_demo.directory / "data") in second.stderr and len(second.stderr.splitlines()) == 1
    assert alive(own_demo.gateway_pid)
    with own_demo.client() as api:
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201


@pytest.mark.parametrize("place", ["header", "payload", "of the first batch"])
def test_a_damaged_journal_is_refused_and_named(stopped, place):
    segment = used_segment(stopped)
    frames = list(batches(segment))
    offset, _ = frames[0] if place == "of the first batch" else frames[len(frames) // 2]
    flip(segment, offset + (20 if place == "header" else 260))
    before = segment.read_bytes()
    refused = serve(stopped)
    assert refused.returncode == 65, refused.stderr
    assert segment.name in refused.stderr and str(offset) in refused.stderr
    assert segment.read_bytes() == before, "a refusal must not change anything"
    verified = run("journal", "verify", stopped.directory / "data", status=65)
    assert segment.name in verified.stderr and str(offset) in verified.stderr
    # The damage undone, everything is there.
    flip(segment, offset + (20 if place == "header" else 260))
    stopped.start("gateway")
    compare(stopped)


def test_a_torn_tail_is_cut_kept_and_reported(own_demo):
    """Garbage behind the last batch, as a power cut leaves it."""
    own_demo.answers = pay(own_demo)
    own_demo.kill_gateway()
    segment = used_segment(own_demo)
    offset, size = list(batches(segment))[-1]
    with segment.open("r+b") as file:
        # A batch's beginning, and nothing of the rest: not acknowledged to anybody.
        file.seek(offset)
        frame = bytearray(file.read(256))
        file.seek(offset + size)
        file.write(bytes(frame[:200]) + b"\xa5" * 3000)
    own_demo.start("gateway")
    compare(own_demo)
    log = (own_demo.directory / "gateway.log").read_text()
    assert "torn" in log, log
    torn = list(segment.parent.glob("*.torn"))
    assert len(torn) == 1 and b"\xa5" * 1000 in torn[0].read_bytes()
    assert own_demo.stop_gateway() == 0
    own_demo.verify_journals()
