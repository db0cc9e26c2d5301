"""Currency exchange: exact rates, a quote used once and in its time."""

from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import money
import pytest
from gateway import key, wait_until

DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}


def quote(api, sell, amount, buy):
    body = {"sell_currency": sell, "sell_amount": amount, "buy_currency": buy}
    return api.post("/v1/fx/quotes", json=body, headers=key())


def convert(api, identifier, headers=None):
    return api.post("/v1/fx/conversions", json={"quote": identifier}, headers=headers or key())


def expected(sell, amount, buy, rate):
    gross = (Decimal(amount).scaleb(-DIGITS[sell]) * Decimal(rate)).scaleb(DIGITS[buy]).to_integral_value(ROUND_FLOOR)
    spread = (gross * 50 / 10_000).to_integral_value(ROUND_CEILING)
    return int(gross - spread), int(spread)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    from gateway import Demo

    demo = Demo(tmp_path_factory.mktemp("exchange"))
    try:
        demo.start("psp")
        demo.configure(money.EXCHANGE)
        yield demo.start("gateway")
        assert demo.stop_gateway() == 0
        rows = money.books_are_sound(demo)
        assert any(row["account"] == "income:platform:fx_spread" for row in rows)
    finally:
        demo.stop()


@pytest.mark.parametrize(
    ("sell", "amount", "buy", "rate"),
    [
        ("EUR", 10_001, "USD", "1.0842"),
        ("EUR", 1, "JPY", "157.339"),
        ("EUR", 12_345, "JPY", "157.339"),
        ("JPY", 1_000, "EUR", "0.00635"),
        ("USD", 777, "KWD", "0.3071"),
        # More than a payment can be.
        ("EUR", 150_000_001, "USD", "1.0842"),
        ("EUR", 1_000_000_000_000, "JPY", "157.339"),
    ],
)
def test_quotes_are_exact_and_rounded_for_the_platform(exchange, sell, amount, buy, rate):
    with exchange.client() as api:
        answer = quote(api, sell, amount, buy)
        bought, spread = expected(sell, amount, buy, rate)
        if bought < 1:
            assert answer.status_code == 422 and answer.json()["code"] == "exchange_amount_too_small"
            return
        assert answer.status_code == 201
        body = answer.json()
        assert (body["buy_amount"], body["spread_amount"], body["rate"]) == (bought, spread, rate)


def test_a_conversion_moves_the_balances_once(exchange):
    with exchange.client() as api:
        before = {currency: money.available(api, currency) for currency in ("EUR", "USD")}
        funds = money.fund(exchange, api, 10_000)
        body = quote(api, "EUR", funds, "USD").json()
        headers = key()
        first = convert(api, body["id"], headers)
        assert first.status_code == 201
        done = first.json()
        assert done["quote_id"] == body["id"] and done["id"] == "fxc" + body["id"][3:]
        assert convert(api, body["id"], headers).content == first.content
        used = convert(api, body["id"])
        assert used.status_code == 409 and used.json()["code"] == "quote_used"
        assert money.available(api) == before["EUR"]
        assert money.available(api, "USD") == before["USD"] + expected("EUR", funds, "USD", "1.0842")[0]
        with exchange.client(merchant=1) as other:
            assert convert(other, body["id"]).status_code == 404


def test_many_users_of_one_quote_are_one_too_many(exchange):
    with exchange.client(threads=True) as api:
        money.fund(exchange, api, 10_000)
        before = money.available(api)
        body = quote(api, "EUR", 100, "USD").json()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: convert(api, body["id"]), range(16)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
        assert money.available(api) == before - 100


def test_expired_unfunded_and_unknown_are_refused(exchange):
    with exchange.client(merchant=2) as api:
        assert quote(api, "USD", 100, "EUR").json()["code"] == "exchange_pair_unavailable"
        body = quote(api, "EUR", 100, "USD").json()
        refused = convert(api, body["id"])
        assert refused.status_code == 422 and refused.json()["code"] == "balance_insufficient"
        wait_until(lambda: convert(api, body["id"]).json()["code"] == "quote_expired", 10, "the quote's end")
        assert convert(api, "fxq_nonsense").status_code == 404
        assert api.post("/v1/fx/conversions", json={}, headers=key()).json()["param"] == "quote"
