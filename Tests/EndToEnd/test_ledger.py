"""The ledger as accountants see it: checked and exported from the journals alone, and summed by a program that is not ours."""

import csv
import io
import shutil
import subprocess
from decimal import Decimal

import pytest
from gateway import Demo, finish, run


@pytest.fixture(scope="module")
def booked(tmp_path_factory):
    """A stopped demo after captures, cancels, refunds and declines of several merchants; `answers` has their balances."""
    demo = Demo(tmp_path_factory.mktemp("booked"))
    try:
        demo.start("psp")
        demo.start("gateway")
        finish(demo.load("lifecycle", "--rate", "100", "--duration", "10s"))
        demo.answers = []
        for merchant in range(demo.merchants):
            with demo.client(merchant) as api:
                demo.answers.append(api.get("/v1/balance"))
        assert demo.stop_gateway() == 0
        yield demo
    finally:
        demo.stop()


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


def test_what_merchants_are_told_is_what_the_ledger_owes_them(booked):
    told = {}
    for answer in booked.answers:
        assert answer.status_code == 200
        for line in answer.json()["pending"]:
            told.setdefault(line["currency"], []).append(line["amount"])
    owed = {}
    for (account, currency), amount in ours(booked).items():
        if account.startswith("liabilities:merchant:pending:"):
            owed.setdefault(currency, []).append(int(-amount if currency == "JPY" else -amount * 100))
    assert {currency: sorted(filter(None, amounts)) for currency, amounts in told.items()} == {
        currency: sorted(amounts) for currency, amounts in owed.items()
    }  # fmt: skip


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


def test_a_damaged_journal_is_not_summed(booked, tmp_path):
    damaged = shutil.copytree(booked.directory / "data", tmp_path / "data")
    segment = next(path for path in sorted(damaged.glob("log-*/*.journal")) if path.stat().st_size)
    with segment.open("r+b") as file:
        file.seek(4096 + 260)
        file.write(b"\xff\xff\xff\xff")
    assert run("ledger", "check", damaged).returncode == 65
    assert run("ledger", "export", "--format", "csv", damaged).returncode == 65
