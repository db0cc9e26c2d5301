"""Encryption at rest and signed checkpoints, on the real binary: nothing in clear on the disk, rotation under way, refusals."""

import os
import re
import shutil
import signal
import subprocess

import httpx
import pytest
from gateway import key, payment, run, unique, wait_until

CLEAR = """
shards: 2
journal:
  segment_bytes: 2MiB
  checkpoints:
    signing_key_file: checkpoint.pem
    interval: 1s
"""
# With snapshots, and payments that leave memory at once: they must not be in clear either.
ENCRYPTED = CLEAR + """
  encryption:
    key_file: journal.keys
  snapshot:
    interval: 1s
payments:
  cold_after: 0s
"""


@pytest.fixture
def encrypted(configured_demo, tmp_path):
    """Starts a demo with a key file and a signing key; its public key is in `public.pem`."""

    def start(settings=ENCRYPTED):
        write_keys(tmp_path, new_key(1))
        public = run("keys", "checkpoint", "new", tmp_path / "checkpoint.pem", status=0).stdout
        (tmp_path / "public.pem").write_text(public)
        return configured_demo(settings)

    return start


def new_key(number):
    return run("keys", "journal", "new", "--id", number, status=0).stdout


def write_keys(directory, *lines):
    path = directory / "journal.keys"
    path.write_text("".join(lines))
    path.chmod(0o600)
    return path


def pay(demo, count=10):
    """Payments with their answers; each carries a reference that must not be found on the disk."""
    seen = []
    with demo.client() as api:
        for _ in range(count):
            header, body = key(), payment(reference=f"ORDER-{unique()}")
            answer = api.post("/v1/payments", json=body, headers=header)
            assert answer.status_code == 201
            seen.append((header, body, answer.content))
    return seen


def compare(demo, seen):
    with demo.client() as api:
        for header, body, content in seen:
            assert api.post("/v1/payments", json=body, headers=header).content == content


def files_in_clear(demo, seen):
    """The files below the data directory that hold a payment's reference or its currency and key together."""
    needles = [body["reference"].encode() for _, body, _ in seen]
    found = []
    for path in (demo.directory / "data").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if any(needle in content for needle in needles):
            found.append(str(path))
    return found


def key_ids(demo):
    """The master keys that the logs' last batches are under, from the metrics."""
    text = httpx.get(f"{demo.admin_url}/metrics", timeout=30).text
    return {float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("millrace_journal_key_id{")}


def refused(demo, status):
    """A start that ends by itself with this status; its last words."""
    done = run(
        "serve", "--config", demo.directory / "millrace.yaml",
        env=demo.environment(MILLRACE_LISTEN_PORT="0", MILLRACE_ADMIN_PORT="0"), status=status,
    )  # fmt: skip
    return done.stderr.splitlines()[-1]


def test_nothing_in_clear_rotation_and_refusals(encrypted):
    demo = encrypted()
    data = demo.directory / "data"
    first, second = (demo.directory / "journal.keys").read_text(), new_key(2)
    seen = pay(demo)
    wait_until(lambda: list(data.glob("shard-*/cold/*.payments")), 30, "payments that left memory")
    compare(demo, seen)
    seen += pay(demo)
    demo.kill_gateway()
    assert len(list(data.glob("shard-*/snapshots/*.snapshot"))) > 0 and files_in_clear(demo, seen) == []

    # Another key under the same number, no key, a file that others can read: each refused, and nothing changed.
    before = {path: path.read_bytes() for path in data.rglob("*.journal")}
    write_keys(demo.directory, new_key(1))
    message = refused(demo, 78)
    assert "is encrypted under key 1" in message and re.search(r"(log|shard)-\d+/", message) and "another key" in message
    write_keys(demo.directory, second)
    message = refused(demo, 78)
    assert "is encrypted under key 1, which" in message and "journal.keys does not hold" in message
    write_keys(demo.directory, first).chmod(0o644)
    assert "mode 0644" in refused(demo, 78)
    assert "mode 0644" in run("serve", "--check-config", "--config", demo.directory / "millrace.yaml", status=78).stderr
    assert {path: path.read_bytes() for path in data.rglob("*.journal")} == before

    # The right key: everything is there. Then a rotation while it runs.
    write_keys(demo.directory, first)
    run("serve", "--check-config", "--config", demo.directory / "millrace.yaml", status=0)
    demo.start("gateway")
    compare(demo, seen)
    seen += pay(demo, 40)
    assert key_ids(demo) <= {0.0, 1.0}
    write_keys(demo.directory, first, second, "active: 2\n")
    os.kill(demo.gateway_pid, signal.SIGHUP)
    log = demo.directory / "gateway.log"
    wait_until(lambda: "Reloaded the journals' keys" in log.read_text(), 30, "the new keys")

    def rotated():
        seen.extend(pay(demo, 4))
        return 2.0 in key_ids(demo)

    wait_until(rotated, 30, "a batch under the new key")
    # A reload that would lose a key in use is refused, and the gateway goes on.
    write_keys(demo.directory, second)
    os.kill(demo.gateway_pid, signal.SIGHUP)
    wait_until(lambda: "key 1 is gone" in log.read_text(), 30, "the refusal")
    seen += pay(demo, 4)
    demo.kill_gateway()
    assert files_in_clear(demo, seen) == []

    assert "is encrypted under key 1" in refused(demo, 78)
    write_keys(demo.directory, first, second, "active: 2\n")
    demo.start("gateway")
    compare(demo, seen)
    assert demo.stop_gateway() == 0
    keys = ["--key-file", demo.directory / "journal.keys"]
    run("journal", "verify", data, *keys, status=0)
    assert "were not opened" in run("journal", "verify", data, status=0).stdout
    assert len(run("journal", "dump", data, *keys, status=0).stdout.splitlines()) >= 2 * len(seen)
    assert "no keys were given" in run("journal", "dump", data, status=78).stderr
    run("ledger", "check", data, *keys, status=0)


def test_the_search_above_finds_what_is_in_clear(encrypted):
    demo = encrypted(CLEAR)
    seen = pay(demo, 2)
    assert demo.stop_gateway() == 0
    assert files_in_clear(demo, seen)


def test_a_rewritten_journal_is_shown_by_checkpoints(encrypted):
    demo = encrypted(CLEAR)
    data, public = demo.directory / "data", demo.directory / "public.pem"
    kept = demo.directory / "kept.txt"
    pay(demo, 20)

    def published():
        """Every log has signed all that it has."""
        kept.write_text(httpx.get(f"{demo.admin_url}/journal/checkpoints", timeout=30).text)
        positions = [int(line.split("position=")[1].split()[0]) for line in kept.read_text().splitlines()]
        return sum(positions) == demo.metrics()["millrace_journal_runs_total"]

    wait_until(published, 30, "a checkpoint")
    copy = demo.directory / "early"
    shutil.copytree(data, copy)
    pay(demo, 20)
    wait_until(published, 30, "later checkpoints")
    assert demo.stop_gateway() == 0
    evidence = ["--public-key", public, "--checkpoint", kept]
    sound = run("journal", "verify", data, *evidence, status=0)
    assert "0 later records are not" in sound.stdout and "1 kept elsewhere, " in sound.stdout
    openssl_accepts(kept.read_text().splitlines()[0], public)

    # The whole directory put back to an earlier state is without fault by itself; only what was published shows it.
    run("journal", "verify", copy, "--public-key", public, status=0)
    rolled_back = run("journal", "verify", copy, *evidence, status=65)
    assert "deleted: " in rolled_back.stderr and "kept elsewhere" in rolled_back.stderr
    # The same directory with the newer log is refused at the start.
    for log in data.glob("log-*/checkpoints"):
        shutil.copy(log, copy / log.parent.name / "checkpoints")
    shutil.rmtree(data)
    shutil.copytree(copy, data)
    assert "signed record" in refused(demo, 65)


def openssl_accepts(line, public):
    """The signature is one that other tools verify."""
    signed, signature = line.split(" signature=")
    folder = public.parent
    (folder / "signed").write_text(signed)
    subprocess.run(["base64", "-d"], input=signature.encode(), stdout=(folder / "signature").open("wb"), check=True)
    subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", "signed", "-sigfile", "signature"],
        cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
