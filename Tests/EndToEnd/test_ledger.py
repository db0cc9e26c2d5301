"""The ledger as accountants see it: checked and exported from the journals alone, and summed by a program that is not ours."""

import csv
import io
import subprocess
from decimal import Decimal

import pytest
from gateway import finish, run


@pytest.fixture
def booked(own_demo):
    """A stopped demo after captures, cancels, refunds and declines of several merchants."""
    finish(own_demo.load("lifecycle", "--rate", "300", "--duration", "5s"))
    assert own_demo.stop_gateway() == 0
    return own_demo


def hledger(text, *arguments):
    return subprocess.run(
        ["hledger", "-f", "-", *arguments], input=text, capture_output=True, text=True, timeout=120, check=False
    )


def ours(demo):
    """Balance by account and currency, as `ledger check` found them."""
    lines = run("ledger", "check", "--balances", demo.directory / "data", status=0).stdout.splitlines()
    return balances(line.split("\t") for line in lines if "\t" in line)


def balances(rows):
    """Without zeros, which hledger writes in one currency only."""
    return {(account, currency): Decimal(amount) for account, currency, amount in rows if Decimal(amount) != 0}


def test_hledger_accepts_the_export_and_finds_our_balances(booked):
    text = run("ledger", "export", "--format", "hledger", booked.directory / "data", status=0).stdout
    checked = hledger(text, "check", "--strict")
    assert checked.returncode == 0, checked.stderr
    rows = list(csv.reader(io.StringIO(hledger(text, "balance", "--flat", "-O", "csv", "--layout", "bare").stdout)))
    theirs = balances(row for row in rows[1:] if row[0] != "total")
    assert len(theirs) > 10
    assert theirs == ours(booked)


def test_a_changed_amount_is_found_by_hledger(booked):
    text = run("ledger", "export", "--format", "hledger", booked.directory / "data", status=0).stdout
    lines = text.splitlines()
    index = next(index for index, line in enumerate(lines) if line.startswith("    assets:psp:receivable"))
    amount = lines[index].split()[-2]
    lines[index] = lines[index].replace(amount, amount[:-1] + ("1" if amount[-1] != "1" else "2"))
    assert hledger("\n".join(lines) + "\n", "check").returncode != 0


def test_the_csv_has_every_posting_and_sums_to_zero(booked):
    text = run(
        "ledger", "export", "--format", "csv", "--config", booked.directory / "millrace.yaml", booked.directory / "data", status=0
    ).stdout  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) > 1_000
    for currency in {row["currency"] for row in rows}:
        assert sum(int(row["amount_minor"]) for row in rows if row["currency"] == currency) == 0
    # Names of merchants instead of numbers.
    assert any(row["account"].startswith("liabilities:merchant:pending:merchant") for row in rows), rows[0]


def test_a_damaged_journal_is_not_summed(booked):
    segment = next(path for path in sorted((booked.directory / "data").glob("shard-*/*.journal")) if path.stat().st_size)
    with segment.open("r+b") as file:
        file.seek(4096 + 300)
        file.write(b"\xff\xff\xff\xff")
    assert run("ledger", "check", booked.directory / "data").returncode == 65
    assert run("ledger", "export", "--format", "csv", booked.directory / "data").returncode == 65
