"""Captures that are shared with sellers, and captures by hand."""

import money
import pytest
from gateway import key, payment


def splits(*parts):
    return [{"seller": seller, **share} for seller, share in parts]


def sellers(api):
    return {
        (line["seller"], line["currency"]): (line["pending"], line["available"])
        for line in api.get("/v1/balance").json().get("sellers", [])
    }


def test_a_capture_is_shared_by_amounts_and_basis_points(own_demo):
    with own_demo.client() as api:
        created = api.post("/v1/payments", json=payment(amount=10_000, capture=False), headers=key()).json()
        parts = splits(("books", {"amount": 2_000}), ("toys", {"basis_points": 3_333}), ("art", {"basis_points": 3_333}))
        captured = api.post(f"/v1/payments/{created['id']}/capture", json={"splits": parts}, headers=key())
        assert captured.status_code == 200
        body = captured.json()
        # Fee 50; a third of 9950 is 3316.335 twice: 3316 each, and what rounding took is nothing that makes a cent.
        assert body["splits"] == [
            {"seller": "books", "amount": 2_000, "settled": 0},
            {"seller": "toys", "amount": 3_316, "settled": 0},
            {"seller": "art", "amount": 3_316, "settled": 0},
        ]
        assert sellers(api) == {("books", "EUR"): (2_000, 0), ("toys", "EUR"): (3_316, 0), ("art", "EUR"): (3_316, 0)}
        pending = api.get("/v1/balance").json()["pending"][0]["amount"]
        assert pending == 10_000 - 50 - 2_000 - 2 * 3_316 - body.get("split_residue", 0)
        entries = api.get(f"/v1/payments/{created['id']}/timeline").json()["entries"]
        requested = next(entry for entry in entries if entry["type"] == "operation.requested")
        assert [part["seller"] for part in requested["splits"]] == ["books", "toys", "art"]
        refund = api.post(f"/v1/payments/{created['id']}/refunds", json={"amount": 10_000}, headers=key())
        assert refund.status_code == 201
        # The merchant's, not the sellers'.
        assert sellers(api)["books", "EUR"] == (2_000, 0)
    own_demo.kill_gateway()
    own_demo.start("gateway")
    with own_demo.client() as api:
        assert sellers(api)["toys", "EUR"] == (3_316, 0)
        assert api.get(f"/v1/payments/{created['id']}").json()["splits"] == body["splits"]
    assert own_demo.stop_gateway() == 0
    money.books_are_sound(own_demo)


def test_a_sale_with_splits_and_what_is_refused(api):
    sale = api.post("/v1/payments", json=payment(splits=splits(("one", {"basis_points": 10_000}))), headers=key())
    assert sale.status_code == 201
    assert sale.json()["splits"] == [{"seller": "one", "amount": 1_989, "settled": 0}]
    for parts, code in [
        (splits(("one", {"amount": 1_990})), "splits_exceed_capture"),
        (splits(*((f"s{n}", {"amount": 1}) for n in range(5))), "too_many_sellers"),
        (splits(("one", {"amount": 1}), ("one", {"amount": 1})), "parameter_value_unknown"),
        (splits(("no spaces", {"amount": 1})), "parameter_characters_invalid"),
        ([{"seller": "one"}], "parameter_missing"),
        ([{"seller": "one", "basis_points": 10_001}], "parameter_out_of_range"),
    ]:
        refused = api.post("/v1/payments", json=payment(splits=parts), headers=key())
        assert refused.json()["code"] == code, refused.text
    held = api.post("/v1/payments", json=payment(capture=False, splits=splits(("one", {"amount": 1}))), headers=key())
    assert held.status_code == 422 and held.json()["code"] == "splits_not_possible"
    declined = payment(payment_method="tok_decline_insufficient_funds", splits=splits(("two", {"amount": 1})))
    assert api.post("/v1/payments", json=declined, headers=key()).status_code == 402
    assert ("two", "EUR") not in sellers(api)


@pytest.fixture
def cash_demo(bare_demo):
    """A demo whose first merchant may capture by hand."""
    bare_demo.start("psp")
    file = bare_demo.directory / "millrace.yaml"
    text = file.read_text()
    file.write_text(text.replace("    fee_basis_points: 50\n", "    fee_basis_points: 50\n    manual_captures: true\n"))
    return bare_demo.start("gateway")


def test_a_merchant_without_the_permission_does_not_mint_money(api):
    created = api.post("/v1/payments", json=payment(amount=10_000, capture=False), headers=key()).json()
    before = money.available(api)
    for method in ("cash", "external"):
        manual = {"manual": {"method": method, "reason": "none"}}
        refused = api.post(f"/v1/payments/{created['id']}/capture", json=manual, headers=key())
        assert refused.status_code == 403 and refused.json()["code"] == "manual_capture_not_permitted"
    assert money.available(api) == before
    assert api.get(f"/v1/payments/{created['id']}").json()["status"] == "authorized"


def test_an_operator_captures_by_hand_for_any_merchant(own_demo):
    manual = {"method": "cash", "reason": "till 4, receipt 17", "amount": 6_000}
    with own_demo.client() as api, own_demo.client(merchant=None) as operator:
        operator.headers["authorization"] = f"Bearer {own_demo.operator_secret}"
        created = api.post("/v1/payments", json=payment(amount=10_000, capture=False), headers=key()).json()
        path = f"/v1/payments/{created['id']}/manual_capture"
        refused = api.post(path, json=manual, headers=key())
        assert refused.status_code == 403 and refused.json()["code"] == "api_key_role_wrong"
        calls, headers = len(own_demo.oracle()), key()
        captured = operator.post(path, json=manual, headers=headers)
        assert captured.status_code == 200, captured.text
        assert captured.json()["manual_capture"] == {"method": "cash", "reason": "till 4, receipt 17"}
        again = operator.post(path, json=manual, headers=headers)
        assert again.content == captured.content and again.headers["idempotent-replayed"] == "true"
        other = operator.post(path, json={**manual, "amount": 6_001}, headers=headers)
        assert other.status_code == 422 and other.json()["code"] == "idempotency_key_reused"
        second = operator.post(path, json=manual, headers=key())
        assert second.status_code == 409 and second.json()["code"] == "payment_unexpected_state"
        # Less the fee of 50 basis points.
        assert money.available(api) == 5_970 and len(own_demo.oracle()) == calls
        own_demo.kill_gateway()
        own_demo.start("gateway")
    with own_demo.client() as api, own_demo.client(merchant=None) as operator:
        operator.headers["authorization"] = f"Bearer {own_demo.operator_secret}"
        assert operator.post(path, json=manual, headers=headers).content == captured.content
        assert money.available(api) == 5_970
    assert own_demo.stop_gateway() == 0
    money.books_are_sound(own_demo)


def test_cash_is_captured_by_hand_with_a_reason_and_asks_no_provider(cash_demo):
    own_demo = cash_demo
    with own_demo.client() as api:
        created = api.post("/v1/payments", json=payment(amount=10_000, capture=False), headers=key()).json()
        path = f"/v1/payments/{created['id']}"
        calls = len(own_demo.oracle())
        manual = {"manual": {"method": "cash", "reason": "till 4, receipt 17"}}
        assert api.post(f"{path}/capture", json={"manual": {"method": "cash"}}, headers=key()).status_code == 400
        partial = api.post(f"{path}/capture", json={**manual, "final": False, "amount": 1}, headers=key())
        assert partial.status_code == 409 and partial.json()["code"] == "manual_capture_not_possible"
        headers = key()
        captured = api.post(f"{path}/capture", json=manual, headers=headers)
        assert captured.status_code == 200 and captured.json()["manual_capture"] == manual["manual"]
        assert api.post(f"{path}/capture", json=manual, headers=headers).content == captured.content
        assert money.available(api) == 9_950
        assert api.post(f"{path}/refunds", json={"amount": 500}, headers=key()).status_code == 201
        assert money.available(api) == 9_450 and len(own_demo.oracle()) == calls
        entries = api.get(f"{path}/timeline").json()["entries"]
        assert [entry["manual_capture"]["reason"] for entry in entries if "manual_capture" in entry] == ["till 4, receipt 17"]
    assert own_demo.stop_gateway() == 0
    rows = money.books_are_sound(own_demo)
    assert sum(int(row["amount_minor"]) for row in rows if row["account"] == "assets:bank:cash:1") == 9_500
