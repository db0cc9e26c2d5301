"""The ledger as its merchant reads it over HTTP, held against the export that is made from the journals alone: encrypted, across
restarts and kills, and while money moves."""

import base64
import csv
import io
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from gateway import Demo, finish, key, payment, run, wait_until

SETTINGS = """
shards: 2
journal:
  segment_bytes: 2MiB
  snapshot: {interval: 1s, journal_bytes: 1MiB, payments: 500, bytes_per_second: 0}
  encryption: {key_file: journal.keys}
payments: {cold_after: 0s}
"""
OWN = ("merchant:pending", "merchant:available", "merchant:reserve", "memo:auth:merchant")
SEED = 4711


@pytest.fixture(scope="module")
def booked(tmp_path_factory):
    """A gateway after a load of several merchants, its journal encrypted and in several segments, its payments out of memory. It was
    restarted; `export` is what the journals held then. (Nothing is archived within a test's time, see test_backup.py; the unit
    tests read from archives.)"""
    demo = Demo(tmp_path_factory.mktemp("ledger"))
    keys = demo.directory / "journal.keys"
    keys.write_text(run("keys", "journal", "new", "--id", 1, status=0).stdout)
    keys.chmod(0o600)
    try:
        demo.start("psp")
        demo.configure(SETTINGS)
        demo.start("gateway")
        finish(demo.load("lifecycle", "--rate", "300", "--duration", "12s", "--seed", SEED))
        wait_until(lambda: demo.metrics()["millrace_payments_cold"] >= 1_000, 60, "payments to leave memory")
        assert demo.stop_gateway() == 0
        demo.export = export(demo)
        demo.checked = run("ledger", "check", "--key-file", keys, demo.directory / "data", status=0).stdout
        demo.start("gateway")
        yield demo
    finally:
        demo.stop()


def export(demo):
    """Transfers, oldest first, each with its entry's number, time, payment and postings (account, currency, amount)."""
    text = run(
        "ledger", "export", "--format", "csv", "--config", demo.directory / "millrace.yaml",
        "--key-file", demo.directory / "journal.keys", demo.directory / "data", status=0,
    ).stdout  # fmt: skip
    transfers, last = [], None
    for row in csv.DictReader(io.StringIO(text)):
        # Two transfers of one record have the same number and different posting rules.
        if (row["entry"], row["posting_rule"]) != last:
            last = (row["entry"], row["posting_rule"])
            transfers.append({"entry": row["entry"], "time": row["time"], "payment": row["payment"], "postings": []})
        transfers[-1]["postings"].append((row["account"], row["currency"], int(row["amount_minor"])))
    return transfers


def merchants(demo):
    document = yaml.safe_load((demo.directory / "millrace.yaml").read_text())
    return [merchant["id"] for merchant in document["merchants"]]


def visible(transfers, merchant):
    """What the merchant is to be shown, newest first: its own accounts by their names, and the fee."""
    shown = []
    for transfer in transfers:
        postings, own = [], False
        for account, currency, amount in transfer["postings"]:
            for name in OWN:
                if account.endswith(f"{name}:{merchant}"):
                    own = True
                    postings.append((name, currency, amount))
            if account == "income:platform:fees":
                postings.append(("platform:fees", currency, amount))
        if own:
            shown.append({**transfer, "postings": postings})
    return shown[::-1]


def pages(api, **parameters):
    """All entries of a list, page by page."""
    entries, cursor = [], None
    while True:
        query = {**parameters, **({"cursor": cursor} if cursor else {})}
        answer = api.get("/v1/ledger/entries", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert not page["truncated"] and len(page["data"]) <= parameters.get("limit", 20)
        entries += page["data"]
        cursor = page["next"]
        if cursor is None:
            return entries


def simplified(entry):
    return {
        "entry": f"{entry['shard']}-{entry['position']}",
        "time": entry["booked_at"],
        "payment": entry["payment_id"],
        "postings": [(posting["account"], posting["currency"], posting["amount"]) for posting in entry["postings"]],
    }


def sums(transfers, merchant, until=None):
    """Owed by account and currency, after what was booked until a time."""
    owed = defaultdict(int)
    for transfer in visible(transfers, merchant):
        if until is None or transfer["time"] <= until:
            for account, currency, amount in transfer["postings"]:
                owed[account, currency] -= amount
    return {name: amount for name, amount in owed.items() if name[0] in OWN and amount}


def balance(answer):
    assert answer.status_code == 200, answer.text
    lines = {
        (f"merchant:{kind}", line["currency"]): line["amount"]
        for kind in ("pending", "available", "reserve")
        for line in answer.json()[kind]
    }
    return {name: amount for name, amount in lines.items() if amount}


def test_the_journal_has_marks_and_the_check_finds_them_sound(booked):
    counts = [int(line.split(" balance marks")[0].rsplit(" ", 1)[1]) for line in booked.checked.splitlines()]
    assert sum(counts) >= 3, booked.checked


def test_entries_page_by_page_are_every_transfer_of_the_merchant(booked):
    for number, merchant in enumerate(merchants(booked)):
        expected = visible(booked.export, merchant)
        assert len(expected) > 500
        with booked.client(number) as api:
            entries = pages(api, limit=100)
            assert [simplified(entry) for entry in entries] == expected
            assert len({entry["id"] for entry in entries}) == len(entries)
            assert any(entry["refund_id"] for entry in entries)
            short = api.get("/v1/ledger/entries").json()
            assert short["data"] == entries[:20] and short["next"]


def test_filters(booked):
    merchant = merchants(booked)[0]
    expected = visible(booked.export, merchant)
    currency = next(posting[1] for posting in expected[0]["postings"])
    with booked.client(0) as api:
        found = pages(api, limit=7, account="memo:auth:merchant", currency=currency)
        assert [simplified(entry) for entry in found] == [
            transfer
            for transfer in expected
            if any(name == "memo:auth:merchant" and unit == currency for name, unit, _ in transfer["postings"])
        ]
        assert pages(api, account="merchant:reserve") == [] and pages(api, currency="KWD") == []


def test_accounts_are_the_sums_of_the_entries(booked):
    for number, merchant in enumerate(merchants(booked)):
        with booked.client(number) as api:
            accounts = api.get("/v1/ledger/accounts").json()["data"]
            now = balance(api.get("/v1/balance"))
        debits, credits = defaultdict(int), defaultdict(int)
        for transfer in visible(booked.export, merchant):
            for account, currency, amount in transfer["postings"]:
                (debits if amount > 0 else credits)[account, currency] += abs(amount)
        found = {(line["account"], line["currency"]): line for line in accounts}
        assert set(found) == {name for name in {**debits, **credits} if name[0] in OWN}
        for name, line in found.items():
            assert (int(line["debits"]), int(line["credits"])) == (debits[name], credits[name])
            assert int(line["balance"]) == credits[name] - debits[name]
        pending = {name: amount for name, amount in sums(booked.export, merchant).items() if name[0] in OWN[:3]}
        assert now == pending


def test_the_balance_at_any_moment_is_the_sum_until_then(booked):
    moments = random.Random(SEED)
    times = sorted(transfer["time"] for transfer in booked.export)
    for number, merchant in enumerate(merchants(booked)):
        with booked.client(number) as api:
            chosen = [times[0], times[-1], *moments.sample(times, 25)]
            for text in chosen:
                # The moment of a record, and a millisecond before it.
                at = datetime.fromisoformat(text)
                for moment in (at, at - timedelta(milliseconds=1)):
                    until = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
                    answer = api.get("/v1/balance", params={"at": until})
                    owed = {name: sum_ for name, sum_ in sums(booked.export, merchant, until).items() if name[0] in OWN[:3]}
                    assert balance(answer) == owed and answer.json()["as_of"] == until
            assert balance(api.get("/v1/balance", params={"at": "2001-01-01T00:00:00+01:00"})) == {}


def test_nobody_reads_anothers_entries(booked):
    with booked.client(0) as api, booked.client(1) as other:
        mine = api.get("/v1/ledger/entries").json()
        theirs = other.get("/v1/ledger/entries").json()
        assert not {entry["id"] for entry in mine["data"]} & {entry["id"] for entry in theirs["data"]}
        refused = other.get("/v1/ledger/entries", params={"cursor": mine["next"]})
        assert (refused.status_code, refused.json()["code"], refused.json()["param"]) == (400, "cursor_invalid", "cursor")
        # A place that was made up.
        raw = bytearray(base64.urlsafe_b64decode(theirs["next"]))
        raw[1:9] = base64.urlsafe_b64decode(mine["next"])[1:9]
        forged = other.get("/v1/ledger/entries", params={"cursor": base64.urlsafe_b64encode(raw).decode()})
        assert forged.json()["code"] == "cursor_invalid"
        # A list with other filters.
        assert api.get("/v1/ledger/entries", params={"cursor": mine["next"], "currency": "EUR"}).status_code == 400
    with booked.client(None) as nobody:
        assert nobody.get("/v1/ledger/entries").status_code == 401


@pytest.mark.parametrize(
    ("path", "code", "parameter"),
    [
        ("/v1/ledger/entries?limit=0", "parameter_out_of_range", "limit"),
        ("/v1/ledger/entries?limit=ten", "parameter_type_invalid", "limit"),
        ("/v1/ledger/entries?limit=5&limit=6", "parameter_repeated", "limit"),
        ("/v1/ledger/entries?page=2", "parameter_unknown", "page"),
        ("/v1/ledger/entries?account=psp:receivable", "parameter_value_unknown", "account"),
        ("/v1/ledger/entries?currency=EURO", "currency_unknown", "currency"),
        ("/v1/ledger/accounts?limit=5", "parameter_unknown", "limit"),
        ("/v1/balance?at=yesterday", "parameter_type_invalid", "at"),
        ("/v1/balance?at=2099-01-01T00:00:00Z", "moment_not_past", "at"),
    ],
)
def test_bad_queries_are_refused_by_name(booked, path, code, parameter):
    with booked.client() as api:
        answer = api.get(path)
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (400, code, parameter)


def test_a_list_goes_on_across_payments_and_a_kill(own_demo):
    with own_demo.client() as api:
        for _ in range(10):
            assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
        expected = pages(api)
        first = api.get("/v1/ledger/entries", params={"limit": 3}).json()
        moment = datetime.now(UTC).isoformat()
        before = balance(api.get("/v1/balance"))
    own_demo.kill_gateway()
    own_demo.start("gateway")
    with own_demo.client() as api:
        for _ in range(5):
            assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
        entries, cursor = first["data"], first["next"]
        while cursor:
            page = api.get("/v1/ledger/entries", params={"limit": 3, "cursor": cursor}).json()
            entries, cursor = entries + page["data"], page["next"]
        assert entries == expected and len(pages(api)) == 15
        assert balance(api.get("/v1/balance", params={"at": moment})) == before != balance(api.get("/v1/balance"))
