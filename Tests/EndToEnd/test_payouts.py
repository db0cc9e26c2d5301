"""Pay-outs, as a merchant asks for them, and what is left of them after a crash."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import money
from gateway import key, payment, run


def payout(api, headers=None, **changes):
    return api.post("/v1/payouts", json={"currency": "EUR", "destination": "ba_main", **changes}, headers=headers or key())


def test_a_pay_out_takes_what_is_available_and_no_more(configured_demo):
    demo = configured_demo(money.EXCHANGE)
    with demo.client() as api:
        # Captured at the provider, not settled: pending.
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
        refused = payout(api)
        assert refused.status_code == 422 and refused.json()["code"] == "balance_insufficient"
        funds = money.fund(demo, api, 20_000)
        assert funds == 19_900
        small = payout(api, amount=99)
        assert small.status_code == 422 and small.json()["code"] == "payout_below_minimum"
        too_much = payout(api, amount=funds + 1)
        assert too_much.status_code == 422 and too_much.json()["code"] == "balance_insufficient"
        headers = key()
        first = payout(api, headers, amount=5_000)
        assert first.status_code == 201
        body = first.json()
        assert body["status"] == "requested" and body["amount"] == 5_000 and body["destination"] == "ba_main"
        again = payout(api, headers, amount=5_000)
        assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
        reused = payout(api, headers, amount=5_001)
        assert reused.status_code == 422 and reused.json()["code"] == "idempotency_key_reused"
        assert money.available(api) == funds - 5_000
        rest = payout(api)
        assert rest.status_code == 201 and rest.json()["amount"] == funds - 5_000
        assert money.available(api) == 0 and payout(api).status_code == 422
        assert api.get(f"/v1/payouts/{body['id']}").json() == body
        with demo.client(merchant=1) as other:
            assert other.get(f"/v1/payouts/{body['id']}").status_code == 404
        demo.kill_gateway()
        demo.start("gateway")
    with demo.client() as api:
        assert api.get(f"/v1/payouts/{body['id']}").json() == body
        assert payout(api, headers, amount=5_000).content == first.content
        assert money.available(api) == 0
    assert demo.stop_gateway() == 0
    rows = money.books_are_sound(demo)
    assert sum(int(row["amount_minor"]) for row in rows if row["account"] == "liabilities:payout:in_transit") == -funds


def test_a_merchant_that_pays_itself_by_card_from_a_wallet_waits_for_the_settlement(configured_demo):
    demo = configured_demo(money.EXCHANGE)
    with demo.client() as api:
        path = money.wallet(api)
        card = {"amount": 20_000, "currency": "EUR", "payment_method": "tok_visa"}
        filled = api.post(f"{path}/top_ups", json=card, headers=key()).json()
        assert api.get(path).json()["unsettled"] == 20_000
        assert money.pay(api, path, 20_000).status_code == 201
        assert (money.pending(api), money.available(api)) == (19_900, 0)
        assert payout(api).json()["code"] == "balance_insufficient"
        quote = api.post(
            "/v1/fx/quotes", json={"sell_currency": "EUR", "sell_amount": 19_900, "buy_currency": "USD"}, headers=key()
        ).json()
        converted = api.post("/v1/fx/conversions", json={"quote": quote["id"]}, headers=key())
        assert converted.status_code == 422 and converted.json()["code"] == "balance_insufficient"
        demo.kill_gateway()
        demo.start("gateway")
    with demo.client() as api:
        demo.settle(filled, 20_000)
        assert (money.pending(api), money.available(api)) == (0, 19_900)
        assert payout(api).json()["amount"] == 19_900
    assert demo.stop_gateway() == 0
    money.books_are_sound(demo)


def test_a_pay_out_may_be_more_than_any_payment(own_demo):
    with own_demo.client() as api:
        funds = sum(money.fund(own_demo, api, 99_999_999) for _ in range(2))
        assert payout(api, amount=1_000_000_000_001).json()["code"] == "amount_too_large"
        assert payout(api, amount=1_000_000_000_000).json()["code"] == "balance_insufficient"
        done = payout(api, amount=funds)
        assert done.status_code == 201 and done.json()["amount"] == funds > 150_000_000
        assert money.available(api) == 0
        # Two wallets and a pay-out, which stay, and the room of their merchant's and wallets' accounts.
        text = httpx.get(f"{own_demo.admin_url}/metrics", timeout=30).text
        entries = {
            table: sum(
                float(line.rsplit(" ", 1)[1])
                for line in text.splitlines()
                if line.startswith("millrace_money_table_entries{") and f'table="{table}"' in line
            )
            for table in ("payouts", "wallets", "quotes", "sellers", "accounts")
        }
        assert (entries["payouts"], entries["wallets"], entries["quotes"], entries["sellers"]) == (1, 2, 0, 0)
        assert entries["accounts"] > 0
    assert own_demo.stop_gateway() == 0
    money.books_are_sound(own_demo)


def test_pay_outs_at_the_same_time_never_exceed_the_balance(own_demo):
    with own_demo.client(threads=True) as api:
        funds = money.fund(own_demo, api, 10_000)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: payout(api, amount=1_000), range(24)))
        paid = [answer for answer in answers if answer.status_code == 201]
        assert len(paid) == funds // 1_000
        assert {answer.json()["code"] for answer in answers if answer.status_code != 201} == {"balance_insufficient"}
        assert money.available(api) == funds - 1_000 * len(paid)
    assert own_demo.stop_gateway() == 0
    money.books_are_sound(own_demo)


def test_a_hold_refuses_and_a_negative_balance_pays_nothing_out(bare_demo):
    bare_demo.start("psp")
    file = bare_demo.directory / "millrace.yaml"
    file.write_text(file.read_text().replace("  - id: merchant-2\n", "  - id: merchant-2\n    payout_hold: true\n"))
    bare_demo.start("gateway")
    with bare_demo.client(merchant=1) as api:
        money.fund(bare_demo, api, 1_000)
        held = payout(api)
        assert held.status_code == 409 and held.json()["code"] == "payouts_on_hold"
    with bare_demo.client() as api:
        path = money.wallet(api, fill=1_000, settled_by=bare_demo)
        paid = money.pay(api, path, 1_000).json()
        assert payout(api).status_code == 201
        assert api.post(f"/v1/payments/{paid['id']}/refunds", headers=key()).status_code == 201
        assert money.available(api) == -1_000
        assert payout(api).json()["code"] == "balance_insufficient"
        # What comes in fills the hole first.
        money.fund(bare_demo, api, 2_000)
        assert payout(api).json()["amount"] == 990
    assert bare_demo.stop_gateway() == 0
    money.books_are_sound(bare_demo)


def test_the_bank_pays_fails_and_returns_as_operators_tell(configured_demo):
    keys = run("keys", "new", "--operator", status=0).stdout.split()
    secret = next(word for word in keys if word.startswith("ok_"))
    digest = next(word for word in keys if word.startswith("sha256:"))
    demo = configured_demo(f'operators:\n  - name: ops\n    api_keys: ["{digest}"]\n')
    demo.operator_secret = secret
    with demo.client() as api, demo.client(merchant=None) as operator:
        operator.headers["authorization"] = f"Bearer {secret}"

        def report(identifier, event, headers=None, **changes):
            body = {"event": event, **changes}
            return operator.post(f"/v1/payouts/{identifier}/events", json=body, headers=headers or key())

        funds = money.fund(demo, api, 10_000)
        first, second, third = (payout(api, amount=1_000).json()["id"] for _ in range(3))
        assert api.post(f"/v1/payouts/{first}/events", json={"event": "paid"}, headers=key()).status_code == 403
        assert operator.get(f"/v1/payouts/{first}").status_code == 403
        assert report(first, "sent").json()["status"] == "in_transit"
        assert report(first, "paid").json()["status"] == "paid"
        wrong = report(first, "failed")
        assert wrong.status_code == 409 and wrong.json()["code"] == "payout_unexpected_state"
        failed = report(second, "failed", reason="unknown account")
        assert failed.json()["status"] == "failed" and failed.json()["reason"] == "unknown account"
        assert report(third, "paid").status_code == 200
        headers = key()
        returned = report(third, "returned", headers, reason="account closed")
        assert returned.json()["status"] == "returned"
        assert report(third, "returned", headers, reason="account closed").content == returned.content
        assert money.available(api) == funds - 1_000
        assert api.get(f"/v1/payouts/{third}").json() == returned.json()
        assert report("pyo_" + "0" * 26, "paid").status_code == 404 and report("pyo_" + "7" * 26, "paid").status_code == 404
        assert report(first, "lost").json()["code"] == "parameter_value_unknown"
    assert demo.stop_gateway() == 0
    rows = money.books_are_sound(demo)
    assert sum(int(row["amount_minor"]) for row in rows if row["account"] == "assets:bank:cash:1") == 10_000 - 1_000
    assert sum(int(row["amount_minor"]) for row in rows if row["account"] == "liabilities:payout:in_transit") == 0
