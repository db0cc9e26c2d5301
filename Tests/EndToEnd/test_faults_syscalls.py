"""System calls that fail, fall short, kill or take for ever, on the real binary: nothing acknowledged is lost, and what cannot be
written is not acknowledged."""

import itertools
import signal

import pytest
from faultlab import SNAPSHOTS, SOURCES, Trial, compiled_shim, needs, strace
from gateway import key, payment, wait_until

# Of each thread. The first ones meet recovery and the first segment, the others batches, witness slots and prepared segments.
KILLS = (2, 9, 25, 60, 120, 200, 330, 450)


@pytest.fixture
def trial(bare_demo, tmp_path):
    return Trial(bare_demo, tmp_path).prepare()


def test_killed_in_the_nth_write(bare_demo, tmp_path):
    needs("strace")
    trial = Trial(bare_demo, tmp_path).prepare(SNAPSHOTS)
    trial.begin("--duration", "14s")
    for number, call in zip(KILLS, itertools.cycle(["pwrite64", "pwrite64", "fdatasync"])):
        when = max(2, number // 8) if call == "fdatasync" else number
        inject = f"inject={call}:signal=SIGKILL:when={when}"
        server = trial.demo.serve(*strace(tmp_path / "trace", "-e", f"trace={call}", "-e", inject))
        trial.ends(server, -signal.SIGKILL)
    trial.conclude(trial.serve())


def logs_of(trial):
    """Arguments of strace: only calls about the directories of logs."""
    logs = sorted((trial.demo.directory / "data").glob("log-*"))
    assert logs
    return [argument for log in logs for argument in ("-P", str(log))]


@pytest.mark.parametrize(
    "fault",
    [
        "pwrite64:error=EIO:when=150",
        "pwrite64:error=ENOSPC:when=150",
        "fdatasync:error=EIO:when=40",
        "fdatasync:error=ENOSPC:when=40",
        # The directory, after the rename of a prepared segment: no thread syncs one more than three times at a start.
        "fsync:error=EIO:when=4",
    ],
)
def test_an_error_stops_the_gateway_at_once(trial, tmp_path, fault):
    needs("strace")
    call = fault.split(":")[0]
    # Four prepared segments take longer than a few seconds.
    trial.begin("--duration", "10s" if call == "fsync" else "4s")
    where = logs_of(trial) if call == "fsync" else []
    server = trial.demo.serve(*strace(tmp_path / "trace", *where, "-e", f"trace={call}", "-e", f"inject={fault}"))
    trial.ends(server, 74)
    # Says why, and does not try again: one call failed, whatever came after it on other threads.
    assert "A journal failed" in trial.log(), trial.log()
    injected = [line for line in (tmp_path / "trace").read_text().splitlines() if "INJECTED" in line]
    assert 1 <= len(injected) <= 4, injected
    trial.conclude(trial.serve())


def test_a_directory_that_cannot_be_synced_refuses_the_start(trial, tmp_path):
    needs("strace")
    trial.begin("--duration", "4s")
    inject = "inject=fsync:error=EIO:when=1"
    server = trial.demo.serve(*strace(tmp_path / "trace", *logs_of(trial), "-e", "trace=fsync", "-e", inject))
    trial.ends(server, 74)
    assert any("sync directory" in line and "log-" in line for line in trial.log().splitlines()), trial.log()
    assert "A journal failed" not in trial.log(), trial.log()
    trial.conclude(trial.serve())


def test_a_start_makes_its_directory_durable_before_it_opens_a_journal(trial, tmp_path):
    needs("strace")
    trial.stop(trial.serve(*strace(tmp_path / "trace", "-y", "-e", "trace=openat,fsync")))
    data = trial.demo.directory / "data"
    calls = (tmp_path / "trace").read_text().splitlines()
    synced = next(number for number, call in enumerate(calls) if " fsync(" in call and f"<{data}>" in call)
    opened = next(number for number, call in enumerate(calls) if " openat(" in call and f'"{data}/log-000/' in call)
    assert synced < opened, calls[: opened + 1]


@pytest.mark.parametrize("mode", ["short", "tear"])
@pytest.mark.parametrize("number", [40, 400])
def test_a_write_that_falls_short(trial, tmp_path, mode, number):
    trial.begin("--duration", "4s")
    shim = compiled_shim(tmp_path)
    server = trial.demo.serve(LD_PRELOAD=str(shim), SHIM_WRITE_AT=str(number), SHIM_WRITE_MODE=mode)
    status = trial.ends(server, 74, 137)
    assert status == (74 if mode == "short" else 137)
    if mode == "short":
        assert "short write" in trial.log(), trial.log()
    trial.conclude(trial.serve())


def test_reads_go_on_when_told_to(bare_demo, tmp_path):
    needs("strace")
    settings = "\nloops: 1\njournal:\n  on_failure: serve_reads\n"
    trial = Trial(bare_demo, tmp_path).prepare(settings)
    inject = "inject=pwrite64:error=EIO:when=60"
    server = trial.serve(*strace(tmp_path / "trace", "-e", "trace=pwrite64", "-e", inject))
    kept = []
    with trial.demo.client() as api:
        for _ in range(200):
            header = key()
            answer = api.post("/v1/payments", json=payment(), headers=header)
            if answer.status_code != 201:
                break
            kept.append((header, answer))
        assert answer.status_code == 503 and answer.json()["code"] == "journal_failed", answer.text
        assert len(kept) > 3
        for header, first in kept:
            # What was acknowledged is read, and given again.
            assert api.get(f"/v1/payments/{first.json()['id']}").json() == first.json()
            assert api.post("/v1/payments", json=payment(), headers=header).content == first.content
        refused = api.post("/v1/payments", json=payment(), headers=key())
        assert refused.status_code == 503 and refused.json()["code"] == "journal_failed"
        assert not trial.demo.is_ready()
    server.terminate()
    trial.ends(server, 74)
    again = trial.serve()
    with trial.demo.client() as api:
        for header, first in kept:
            assert api.post("/v1/payments", json=payment(), headers=header).content == first.content
    trial.stop(again)


def resident_megabytes(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def test_a_disk_that_takes_seconds_is_answered_503_and_fills_no_memory(trial, tmp_path):
    needs("strace")
    inject = "inject=pwrite64:delay_enter=2500000:when=60+"
    server = trial.serve(*strace(tmp_path / "trace", "-e", "trace=pwrite64", "-e", inject))
    before = resident_megabytes(server)
    trial.begin("--rate", "1500", "--duration", "6s", scenario=SOURCES / "refused.yaml")
    trial.load.communicate(timeout=120)
    statuses = trial.statuses()
    after = resident_megabytes(server)
    print(f"{statuses}; {before} MB before, {after} MB after")
    assert statuses.get(503, 0) > 100, statuses
    assert after - before < 200, f"{before} MB before, {after} MB after"
    server.kill()
    server.wait(60)
    again = trial.serve()
    trial.demo.audit(trial.expectations)
    trial.stop(again)


def test_a_stopped_process_keeps_its_directory_and_goes_on(trial):
    """As after a pause of the machine: no other gateway may take the journals, and whoever waited is served."""
    server = trial.serve()
    trial.begin("--duration", "5s")
    trial.wait_for_requests()
    for _ in range(2):
        server.send_signal(signal.SIGSTOP)
        second = trial.demo.serve(MILLRACE_LISTEN_PORT="0", MILLRACE_ADMIN_PORT="0")
        assert second.wait(60) == 75
        assert "another process" in trial.log(), trial.log()
        server.send_signal(signal.SIGCONT)
        trial.wait_for_requests()
    wait_until(trial.demo.is_ready, 30, "readiness")
    trial.conclude(server)
