"""A backup under load outlives the original; a damaged journal is repaired and starts."""

import shutil
import threading
import time

from gateway import key, payment, run, wait_until
from test_journal import batches, flip, pay

# Small segments and frequent snapshots, so that both change while the copy is made. (Nothing is archived before the idempotency
# keys of a day have expired; the unit tests archive and recycle under a copy.)
SETTINGS = """
shards: 2
journal:
  segment_bytes: 2MiB
  snapshot: {journal_bytes: 256KiB, interval: 1s}
"""


def dump(directory):
    """The records of every log and its archive, as lines, oldest first."""
    logs = sorted(directory.glob("log-*"))
    return [run("journal", "dump", "--hex", log, status=0).stdout.splitlines() for log in logs]


class Payments:
    """Merchants that pay one after another and keep every answer."""

    def __init__(self, demo, merchants=3):
        self.demo = demo
        self.answers = []
        self.stopping = False
        self.threads = [threading.Thread(target=self.pay, args=(number,)) for number in range(merchants)]

    def pay(self, merchant):
        with self.demo.client(merchant) as api:
            while not self.stopping:
                header = key()
                answer = api.post("/v1/payments", json=payment(), headers=header)
                if answer.status_code == 201:
                    self.answers.append((merchant, header, answer.content))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()


def test_a_backup_under_load_outlives_the_original(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    data, backup = demo.directory / "data", tmp_path / "backup"
    with Payments(demo) as payments:
        wait_until(lambda: len(payments.answers) >= 500, 120, "payments")
        wait_until(lambda: demo.metrics()["millrace_snapshots_total"] >= 4, 60, "snapshots")
        acknowledged = len(payments.answers)
        started = time.monotonic()
        print(run("journal", "backup", "--data", data, "--to", backup, status=0).stdout)
        print(f"backup: {time.monotonic() - started:.1f} s, {acknowledged} payments before it")
    assert len(payments.answers) > acknowledged, "payments went on meanwhile"
    assert demo.stop_gateway() == 0
    run("journal", "verify", backup, status=0)
    original, copied = dump(data), dump(backup)
    for whole, part in zip(original, copied, strict=True):
        assert part == whole[: len(part)], "the copy is the beginning of the original"
    assert sum(map(len, copied)) > 2 * acknowledged
    assert list(backup.glob("shard-*/snapshots/*.snapshot"))

    shutil.rmtree(data)
    print(run("journal", "restore", "--from", backup, "--data", data, status=0).stdout)
    assert dump(data) == copied
    demo.start("gateway")
    clients = [demo.client(merchant) for merchant in range(3)]
    for merchant, header, content in payments.answers[:acknowledged]:
        assert clients[merchant].post("/v1/payments", json=payment(), headers=header).content == content
    for client in clients:
        client.close()
    wait_until(lambda: demo.metrics()["millrace_operations_running"] == 0, 60, "the end of what was in flight")
    assert demo.trial_balance()["balanced"] is True
    assert demo.stop_gateway() == 0
    run("ledger", "check", data, status=0)
    demo.verify_journals()


def test_a_backup_that_is_not_whole_is_not_restored(own_demo, tmp_path):
    pay(own_demo)
    assert own_demo.stop_gateway() == 0
    data, backup = own_demo.directory / "data", tmp_path / "backup"
    run("journal", "backup", "--data", data, "--to", backup, status=0)
    again = run("journal", "backup", "--data", data, "--to", backup, status=78)
    assert "not empty" in again.stderr
    occupied = run("journal", "restore", "--from", backup, "--data", data, status=78)
    assert "not empty" in occupied.stderr
    segment = next(backup.glob("log-*/*.journal"))
    for file in (segment, backup / "meta.yaml", backup / "backup.manifest"):
        flip(file, min(5_000, file.stat().st_size - 10))
        refused = run("journal", "restore", "--from", backup, "--data", tmp_path / f"not-{file.name}", status=65)
        assert str(file.name) in refused.stderr or "damaged" in refused.stderr
        flip(file, min(5_000, file.stat().st_size - 10))
    (backup / "backup.manifest").rename(tmp_path / "manifest")
    assert "not finished" in run("journal", "restore", "--from", backup, "--data", tmp_path / "no", status=65).stderr


def test_a_flipped_bit_is_turned_back_and_nothing_is_lost(own_demo):
    answers = pay(own_demo)
    assert own_demo.stop_gateway() == 0
    log = max(own_demo.directory.glob("data/log-*"), key=lambda path: len(dump(path.parent)[int(path.name[-1])]))
    segment = log / f"{1:020}.journal"
    whole = segment.read_bytes()
    offset, _ = list(batches(segment))[10]
    flip(segment, offset + 260)
    damaged = segment.read_bytes()
    run("journal", "verify", log, status=65)
    plan = run("journal", "repair", log, "--mend", status=0).stdout
    assert "Nothing was changed" in plan and f"offset {offset + 260} of" in plan and "Lost: nothing" in plan
    assert "--mend turns it back" in run("journal", "repair", log, "--truncate-at", 1, status=0).stdout
    assert segment.read_bytes() == damaged
    assert "mended. Sound" in run("journal", "repair", log, "--mend", "--yes", status=0).stdout
    assert segment.read_bytes() == whole and segment.with_name(segment.name + ".cut").read_bytes() == damaged
    # A sound log has nothing to mend, and two bits are not one.
    run("journal", "repair", log, "--mend", "--yes", status=65)
    flip(segment, offset + 260)
    flip(segment, offset + 270)
    assert "no single flipped bit" in run("journal", "repair", log, "--mend", status=65).stderr
    flip(segment, offset + 260)
    flip(segment, offset + 270)
    own_demo.start("gateway")
    with own_demo.client() as api:
        assert all(api.post("/v1/payments", json=payment(), headers=header).content == body for header, body in answers)
    assert own_demo.stop_gateway() == 0
    own_demo.verify_journals()


def test_a_damaged_journal_is_repaired_and_starts(own_demo):
    answers = pay(own_demo)
    held = run("journal", "repair", own_demo.directory / "data/log-000", "--truncate-at", 1, "--yes")
    assert held.returncode == 75, "a gateway has it open"
    assert own_demo.stop_gateway() == 0
    log = max(own_demo.directory.glob("data/log-*"), key=lambda path: len(dump(path.parent)[int(path.name[-1])]))
    segment = log / f"{1:020}.journal"
    offset, _ = list(batches(segment))[10]
    flip(segment, offset + 260)
    before = run("journal", "verify", log, status=65)
    position = int(before.stderr.split("record ")[1].split(":")[0].split(",")[0])
    plan = run("journal", "repair", log, "--truncate-at", position, status=0).stdout
    assert "Nothing was changed" in plan and f"{position} to" in plan and "can still be read" in plan
    run("journal", "verify", log, status=65)
    done = run("journal", "repair", log, "--truncate-at", position, "--yes", status=0).stdout
    print(done)
    assert f"last position {position - 1}" in done
    assert list(log.glob("*.journal.cut"))
    run("journal", "verify", log, status=0)
    own_demo.start("gateway")
    with own_demo.client() as api:
        same = sum(api.post("/v1/payments", json=payment(), headers=header).content == body for header, body in answers)
        assert 0 < same < len(answers), "what was cut is not known any more"
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    assert own_demo.stop_gateway() == 0
    own_demo.verify_journals()
