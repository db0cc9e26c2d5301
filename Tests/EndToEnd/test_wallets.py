"""Wallets: filled through the provider, spent without it, never overdrawn."""

from concurrent.futures import ThreadPoolExecutor

import money
from gateway import key


def test_a_wallet_is_filled_spent_held_and_refunded(own_demo):
    with own_demo.client() as api:
        path = money.wallet(api, fill=10_000, settled_by=own_demo)
        opened = api.get(path).json()
        assert (opened["balance"], opened["held"], opened["available"]) == (10_000, 0, 10_000)
        assert opened["reference"] == "customer-77"
        calls = len(own_demo.oracle())
        sale = money.pay(api, path, 2_000)
        assert sale.status_code == 201 and sale.json()["status"] == "captured"
        hold = money.pay(api, path, 5_000, capture=False).json()
        assert hold["status"] == "authorized"
        now = api.get(path).json()
        assert (now["balance"], now["held"], now["available"]) == (8_000, 5_000, 3_000)
        declined = money.pay(api, path, 3_001)
        assert declined.status_code == 402 and declined.json()["decline"]["standard_code"] == "insufficient_funds"
        captured = api.post(f"/v1/payments/{hold['id']}/capture", json={"amount": 4_000}, headers=key())
        assert captured.status_code == 200 and captured.json()["amount_captured"] == 4_000
        now = api.get(path).json()
        assert (now["balance"], now["held"], now["available"]) == (4_000, 0, 4_000)
        refund = api.post(f"/v1/payments/{hold['id']}/refunds", json={"amount": 1_500}, headers=key())
        assert refund.status_code == 201 and refund.json()["status"] == "succeeded"
        assert api.get(path).json()["available"] == 5_500
        other_hold = money.pay(api, path, 5_500, capture=False).json()
        assert api.post(f"/v1/payments/{other_hold['id']}/cancel", headers=key()).json()["status"] == "cancelled"
        assert api.get(path).json()["available"] == 5_500
        # Available at once, less 0.5%.
        assert money.available(api) == 1_990 + 3_980 - 1_500
        assert len(own_demo.oracle()) == calls
        kinds = [entry["type"] for entry in api.get(f"/v1/payments/{hold['id']}/timeline").json()["entries"]]
        assert kinds[:2] == ["payment.created", "operation.finished"]
    own_demo.kill_gateway()
    own_demo.start("gateway")
    with own_demo.client() as api:
        assert api.get(path).json()["available"] == 5_500
        assert money.pay(api, path, 5_501).status_code == 402
    assert own_demo.stop_gateway() == 0
    money.books_are_sound(own_demo)


def test_spenders_at_the_same_time_never_overdraw(own_demo):
    with own_demo.client(threads=True) as api:
        path = money.wallet(api, fill=10_000)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: money.pay(api, path, 900, capture=n % 2 == 0), range(30)))
        assert sorted(answer.status_code for answer in answers) == [201] * 11 + [402] * 19
        now = api.get(path).json()
        assert now["available"] == 100 and now["balance"] == now["held"] + now["available"]
    assert own_demo.stop_gateway() == 0
    money.books_are_sound(own_demo)


def test_what_is_not_this_wallet_is_refused(demo, api):
    path = money.wallet(api, fill=1_000)
    identifier = path.rsplit("/", 1)[1]
    with demo.client(merchant=1) as other:
        assert other.get(path).status_code == 404
        assert money.pay(other, path, 10).json()["code"] == "wallet_unknown"
        top_up = {"amount": 10, "currency": "EUR", "payment_method": "tok_visa"}
        assert other.post(f"{path}/top_ups", json=top_up, headers=key()).status_code == 404
    assert money.pay(api, path, 10, "USD").json()["code"] == "wallet_currency_mismatch"
    unknown = money.pay(api, "/v1/wallets/wal_nonsense", 10)
    assert unknown.status_code == 422 and unknown.json()["code"] == "wallet_unknown"
    circular = api.post(
        f"{path}/top_ups", json={"amount": 10, "currency": "EUR", "payment_method": identifier}, headers=key()
    )
    assert circular.status_code == 400
    late = api.post(
        f"{path}/top_ups",
        json={"amount": 10, "currency": "EUR", "payment_method": "tok_visa", "capture": False}, headers=key(),
    )  # fmt: skip
    assert late.status_code == 400 and late.json()["param"] == "capture"


def test_a_top_up_that_is_declined_fills_nothing_and_its_refund_takes_what_is_left(api):
    path = money.wallet(api)
    body = {"amount": 1_000, "currency": "EUR", "payment_method": "tok_decline_insufficient_funds"}
    assert api.post(f"{path}/top_ups", json=body, headers=key()).status_code == 402
    assert api.get(path).json()["balance"] == 0
    filled = api.post(f"{path}/top_ups", json={**body, "payment_method": "tok_visa"}, headers=key()).json()
    assert money.pay(api, path, 600).status_code == 201
    refunds = f"/v1/payments/{filled['id']}/refunds"
    refused = api.post(refunds, json={"amount": 401}, headers=key())
    assert refused.status_code == 422 and refused.json()["code"] == "wallet_funds_insufficient"
    assert api.post(refunds, json={"amount": 400}, headers=key()).status_code == 201
    assert api.get(path).json()["balance"] == 0
