"""The deterministic simulation with the program that users run: fresh seeds for a fixed time, the seeds that found something
once, and defects that are put in on purpose and must be found (docs/simulation.md)."""

import os
import re
from pathlib import Path

import pytest
from gateway import run

REGRESSIONS = Path(__file__).parent.parent / "SimulationTests" / "regression-seeds.txt"
SECONDS = os.environ.get("SIM_SECONDS", "60")

# The most seeds that a defect may take, from seed 1 on. From five other beginnings they took as many at most, or half.
PLANTED = {
    "skip-sync": 10,
    "answer-before-durable": 40,
    "forget-reservation": 5,
    "new-provider-key": 10,
    "same-refund-key": 5,
    "drop-last-record": 5,
    "believe-not-found": 60,
    "unsent-void": 20,
    "new-event-key": 5,
    "double-payout": 5,
    "fail-open": 20,
    "attempt-without-record": 10,
    "failover-after-unknown": 5,
    "two-owners": 10,
    "undurable-feed": 40,
    "floor-ignored": 60,
    "key-run-forgotten": 20,
    "earlier-as-own": 20,
    "lease-ignored": 20,
}


def test_fresh_seeds_find_nothing():
    """Seeds that nobody has seen, for a fixed time; a failing one is in the output, with the command that shows it again.
    Worlds with old keys, leases and several shards are run by hand (docs/simulation.md)."""
    result = run("sim", "--seconds", SECONDS, "--narrow", "--hours", "0.1", timeout=float(SECONDS) * 6 + 240)
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-20_000:]
    assert re.search(r"\d+ worlds, nothing found", result.stdout.splitlines()[-1])


def test_the_seeds_that_found_something_find_nothing_now():
    result = run("sim", "--file", REGRESSIONS, timeout=600)
    assert result.returncode == 0, result.stdout[-20_000:]


def test_the_same_seed_is_the_same_world_in_every_process():
    lines = {run("sim", "--seed", "7", "--hours", "0.05", status=0).stdout.splitlines()[0] for _ in range(3)}
    assert len(lines) == 1, lines
    assert "trace " in lines.pop()


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_bugs_are_found(bug):
    result = run(
        "sim", "--plant", bug, "--seed", "1", "--hours", "0.05", "--intents", "200", "--seeds", str(PLANTED[bug]), "--no-shrinking",
        timeout=600,
    )
    assert result.returncode == 1, f"{bug} was not found in {PLANTED[bug]} seeds"
    again = re.search(r"again with: millrace (.*)", result.stdout).group(1)
    repeated = run(*again.split(), "--no-shrinking", timeout=300)
    failure = re.compile(r"FAILED: (.*)")
    assert failure.search(repeated.stdout).group(1) == failure.search(result.stdout).group(1)
