"""Money for tests: a wallet filled through the provider, a balance that can be paid out, and the books afterwards."""

import csv
import io
import subprocess

from gateway import key, run

EXCHANGE = """
exchange:
  spread_basis_points: 50
  quote_validity: 2s
  rates:
    - {sell: EUR, buy: USD, rate: "1.0842"}
    - {sell: EUR, buy: JPY, rate: "157.339"}
    - {sell: JPY, buy: EUR, rate: "0.00635"}
    - {sell: USD, buy: KWD, rate: "0.3071"}
payouts:
  minimums:
    - {currency: EUR, amount: 100}
"""


def wallet(api, currency="EUR", fill=0, reference="customer-77", settled_by=None):
    """A new wallet with so much in it, which the provider has settled where a demo is given; its path."""
    opened = api.post("/v1/wallets", json={"currency": currency, "reference": reference}, headers=key())
    assert opened.status_code == 201, opened.text
    path = f"/v1/wallets/{opened.json()['id']}"
    if fill:
        body = {"amount": fill, "currency": currency, "payment_method": "tok_visa"}
        filled = api.post(f"{path}/top_ups", json=body, headers=key())
        assert filled.status_code == 201, filled.text
        assert filled.json()["wallet_id"] == opened.json()["id"] and filled.json()["status"] == "captured"
        if settled_by is not None:
            settled_by.settle(filled.json(), fill)
    return path


def pay(api, path, amount, currency="EUR", **changes):
    body = {"amount": amount, "currency": currency, "payment_method": path.rsplit("/", 1)[1], **changes}
    return api.post("/v1/payments", json=body, headers=key())


def available(api, currency="EUR"):
    lines = api.get("/v1/balance").json()["available"]
    return next((line["amount"] for line in lines if line["currency"] == currency), 0)


def pending(api, currency="EUR"):
    lines = api.get("/v1/balance").json()["pending"]
    return next((line["amount"] for line in lines if line["currency"] == currency), 0)


def fund(demo, api, amount, currency="EUR"):
    """Makes money available: paid from a wallet, less the demo merchant's fee. What became available."""
    before = available(api, currency)
    assert pay(api, wallet(api, currency, amount, settled_by=demo), amount, currency).status_code == 201
    return available(api, currency) - before


def books_are_sound(demo):
    """What a stopped gateway left: sound by our check, and by a program that is not ours."""
    data = demo.directory / "data"
    run("ledger", "check", data, status=0)
    text = run("ledger", "export", "--format", "hledger", data, status=0).stdout
    checked = subprocess.run(
        ["hledger", "-f", "-", "check", "--strict"], input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stderr
    rows = list(csv.DictReader(io.StringIO(run("ledger", "export", "--format", "csv", data, status=0).stdout)))
    for currency in {row["currency"] for row in rows}:
        assert sum(int(row["amount_minor"]) for row in rows if row["currency"] == currency) == 0
    demo.verify_journals()
    return rows
