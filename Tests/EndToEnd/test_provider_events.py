"""What providers, settlement lines and operators report of payments: applied once, however often it is reported, and booked right.

The simulator's oracle is the witness that late money goes back."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import money
import pytest
from events import Change, OperatedDemo, at_provider, booked, moved
from gateway import Demo, key, wait_until


@pytest.fixture(scope="module")
def operated(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("events"))
    try:
        yield OperatedDemo(demo)
    finally:
        demo.stop()


def becomes(operated, created, status):
    wait_until(lambda: operated.read(created)["status"] == status, 60, f"{created['id']} to be {status}")


# Keys


def test_merchants_tell_nothing_and_operators_do_nothing_else(operated):
    created = operated.sale()
    event = operated.event("settlement.matched", created, amount=1, fee=0)
    merchants = operated.merchant.post("/v1/provider_events", json=event)
    assert merchants.status_code == 403 and merchants.json()["code"] == "api_key_role_wrong"
    for answer in (
        operated.operator.get(f"/v1/payments/{created['id']}"),
        operated.operator.get("/v1/balance"),
        operated.operator.post(f"/v1/payments/{created['id']}/refunds", json={}, headers=key()),
        operated.operator.get("/v1/disputes/dsp_" + "0" * 26),
        operated.operator.post("/v1/disputes/dsp_" + "0" * 26 + "/accept", json={}, headers=key()),
    ):
        assert answer.status_code == 403 and answer.json()["code"] == "api_key_role_wrong", answer.text
    with operated.demo.client(merchant=None) as nobody:
        assert nobody.post("/v1/provider_events", json=event).json()["code"] == "api_key_missing"
        nobody.headers["authorization"] = "Bearer ok_" + "A" * 43
        assert nobody.post("/v1/provider_events", json=event).json()["code"] == "api_key_invalid"
    assert operated.read(created) == created


@pytest.mark.parametrize(
    "changes,code,param",
    [
        ({"amount": ...}, "parameter_missing", "amount"),
        ({"fee": ...}, "parameter_missing", "fee"),
        ({"fee": -1}, "amount_negative", "fee"),
        ({"fee": 1_000_000_000_001}, "amount_too_large", "fee"),
        ({"id": ...}, "parameter_missing", "id"),
        ({"provider": "two words"}, "parameter_characters_invalid", "provider"),
        ({"type": "dispute.accepted"}, "parameter_value_unknown", "type"),
        ({"type": "refund.failed", "fee": ...}, "parameter_missing", "refund_id"),
        ({"type": "dispute.won", "fee": ...}, "parameter_missing", "psp_reference"),
        # What a type does not take would be lost.
        ({"refund_id": "ref_" + "0" * 26}, "parameter_unknown", "refund_id"),
        ({"type": "capture.failed"}, "parameter_unknown", "fee"),
        ({"type": "authorization.expired", "fee": ...}, "parameter_unknown", "amount"),
        # Without the charge's reference it could never be refunded.
        ({"type": "authorization.succeeded", "fee": ...}, "parameter_missing", "psp_reference"),
        ({"type": "capture.succeeded", "fee": ...}, "parameter_missing", "psp_reference"),
        ({"type": "money.reclassified", "fee": ...}, "parameter_missing", "to"),
        ({"surprise": 1}, "parameter_unknown", "surprise"),
    ],
)
def test_an_event_that_says_too_little_or_too_much_is_400(operated, changes, code, param):
    event = operated.event("settlement.matched", {"id": "pay_" + "0" * 26}, amount=1, fee=0) | changes
    answer = operated.send({name: value for name, value in event.items() if value is not ...})
    assert answer.status_code == 400 and (answer.json()["code"], answer.json()["param"]) == (code, param), answer.text


def test_an_event_of_no_payment_is_404(operated):
    for identifier in ("pay_" + "0" * 26, "pay_" + "7" * 26, "pay_x"):
        answer = operated.send(operated.event("settlement.matched", {"id": identifier}, amount=1, fee=0))
        assert answer.status_code == 404 and answer.json()["code"] == "resource_not_found"


# Settlement


def test_a_settlement_makes_the_merchants_share_available_in_parts_too(operated):
    change = Change(operated.merchant)
    created = operated.sale()
    assert change.now() == (9_950, 0, 0)
    part = operated.report("settlement.matched", created, amount=4_000, fee=50)
    assert (part["effect"], part["amount"], part["payment_status"]) == ("settled", 4_000, "captured")
    assert change.now() == (5_970, 3_980, 0)
    operated.refused("settlement.matched", created, "event_amount_mismatch", amount=6_001, fee=0)
    operated.refused("settlement.matched", created, "event_amount_mismatch", amount=6_000, fee=0, currency="USD")
    # The bank would have to pay.
    operated.refused("settlement.matched", created, "event_amount_mismatch", amount=6_000, fee=6_001)
    operated.report("settlement.matched", created, amount=6_000, fee=70)
    assert change.now() == (0, 9_950, 0)
    operated.refused("settlement.matched", created, "event_amount_mismatch", amount=1, fee=0)
    refund = operated.refund(created, amount=2_500)
    assert refund["status"] == "succeeded" and change.now() == (0, 7_450, 0)
    assert operated.read(created)["status"] == "partially_refunded"


def test_identifiers_of_the_provider_may_look_like_card_numbers(operated):
    created = operated.sale()
    # Adyen's are 16 digits.
    reported = operated.report("settlement.matched", created, id="4111111111111111", psp_reference="5500000000000004", amount=10_000, fee=0)
    assert reported["id"] == "4111111111111111" and reported["effect"] == "settled"
    entries = operated.merchant.get(f"/v1/payments/{created['id']}/timeline").json()["entries"]
    assert "5500000000000004" in str(entries[-1])
    for changes in ({"reason": "card 4111 1111 1111 1111"}, {"provider": "4111111111111111"}, {"surprise": "4111111111111111"}):
        answer = operated.send(operated.event("settlement.matched", created, amount=1, fee=0) | changes)
        assert answer.status_code == 400 and answer.json()["code"] == "card_number_in_request"


def test_a_settlement_makes_sellers_parts_available_too(operated):
    parts = [{"seller": "books", "amount": 6_001}, {"seller": "toys", "basis_points": 3_333}]
    created = operated.sale(splits=parts)

    def sellers():
        lines = operated.merchant.get("/v1/balance").json()["sellers"]
        return {line["seller"]: (line["pending"], line["available"]) for line in lines}

    whole = {part["seller"]: part["amount"] for part in created["splits"]}
    assert whole["books"] == 6_001 and sellers() == {seller: (amount, 0) for seller, amount in whole.items()}
    operated.report("settlement.matched", created, amount=4_000, fee=50)
    # Four tenths, rounded down.
    tenths = {seller: amount * 4 // 10 for seller, amount in whole.items()}
    assert sellers() == {seller: (amount - tenths[seller], tenths[seller]) for seller, amount in whole.items()}
    operated.restart()
    assert {part["seller"]: part["settled"] for part in operated.read(created)["splits"]} == tenths
    operated.report("settlement.matched", created, amount=6_000, fee=70)
    assert sellers() == {seller: (0, amount) for seller, amount in whole.items()}
    paid_out = operated.post("/v1/payouts", 201, amount=6_001, currency="EUR", destination="books-bank", seller="books")
    assert paid_out["amount"] == 6_001 and "books" not in sellers()
    arrived = operated.operator.post(f"/v1/payouts/{paid_out['id']}/events", json={"event": "paid"}, headers=key())
    assert arrived.json()["status"] == "paid"


def test_what_is_refunded_before_the_settlement_comes_from_pending(operated):
    change = Change(operated.merchant)
    created = operated.sale()
    operated.refund(created, amount=1_000)
    assert change.now() == (8_950, 0, 0)
    operated.report("settlement.matched", created, amount=10_000, fee=0)
    assert change.now() == (0, 8_950, 0)


def test_what_was_refunded_in_full_leaves_its_fee_as_a_debt_that_is_written_off(operated):
    with operated.demo.client(2) as poor:
        created = poor.post(
            "/v1/payments", json={"amount": 10_000, "currency": "EUR", "payment_method": "tok_visa"}, headers=key()
        ).json()
        assert poor.post(f"/v1/payments/{created['id']}/refunds", json={}, headers=key()).status_code == 201

        def report(kind, **changes):
            event = operated.event(kind, created, **changes)
            answer = operated.send(event)
            if answer.status_code == 200:
                operated.reported.append((event, answer.content))
            return answer

        assert report("settlement.matched", amount=10_000, fee=0).json()["available_negative"] is True
        # The third demo merchant pays 1 %.
        assert money.available(poor) == -100
        assert report("balance.written_off", amount=101).json()["code"] == "event_amount_mismatch"
        last = report("balance.written_off", amount=100).json()
        assert last["effect"] == "written_off" and last["available_negative"] is False
        assert money.available(poor) == 0
        assert report("balance.written_off", amount=1).json()["code"] == "event_not_allowed"


# Once


def test_the_same_event_is_applied_once_also_by_many_at_once_and_after_a_kill(operated):
    change = Change(operated.merchant)
    created = operated.sale()
    event = operated.event("settlement.matched", created, amount=3_000, fee=1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: operated.send(event), range(24)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_use"}
    contents = {answer.content for answer in answers if answer.status_code == 200}
    assert len(contents) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers if answer.status_code == 200) == 1
    operated.reported.append((event, contents.pop()))
    assert change.now() == (6_965, 2_985, 0)
    reused = operated.send(event | {"amount": 3_001})
    assert reused.status_code == 422 and reused.json()["code"] == "idempotency_key_reused"
    operated.restart()
    operated.report_all_again()
    change.api = operated.merchant
    assert change.now() == (6_965, 2_985, 0)
    assert operated.send(event | {"amount": 3_001}).status_code == 422
    # An event of anybody but the payment's own connector books nothing.
    refused = operated.send(event | {"provider": "another"})
    assert refused.status_code == 422 and refused.json()["code"] == "connector_unknown"
    assert change.now() == (6_965, 2_985, 0)


def test_a_kill_while_events_are_told_applies_each_of_them_once(operated):
    created = operated.sale()
    change = Change(operated.merchant)
    events = [operated.event("settlement.matched", created, amount=200, fee=0) for _ in range(50)]

    def send(event):
        try:
            return operated.send(event)
        except httpx.HTTPError:
            return None

    with ThreadPoolExecutor(4) as pool:
        pending = [pool.submit(send, event) for event in events]
        wait_until(lambda: sum(future.done() for future in pending) >= 10, 30, "some events")
        operated.demo.kill_gateway()
        first = [future.result() for future in pending]
    operated.demo.start("gateway")
    operated.connect()
    change.api = operated.merchant
    for event, before in zip(events, first, strict=True):
        after = operated.send(event)
        assert after.status_code == 200
        if before is not None and before.status_code == 200:
            assert after.content == before.content
        operated.reported.append((event, after.content))
    # Part by part, and the rest with the last one.
    assert change.now() == (-9_950, 9_950, 0)
    operated.refused("settlement.matched", created, "event_amount_mismatch", amount=1, fee=0)


# Refused


def test_a_refused_event_names_what_is_allowed_and_may_be_told_again_later(operated):
    hold = operated.sale(capture=False)
    problem = operated.refused("settlement.matched", hold, "event_not_allowed", amount=10_000, fee=0)
    assert set(problem["allowed_events"]) == {"authorization.expired", "money.unexplained"}
    assert problem["payment"]["id"] == hold["id"] and problem["payment"]["status"] == "authorized"
    event = operated.event("settlement.matched", hold, amount=10_000, fee=0)
    assert operated.send(event).status_code == 409
    operated.post(f"/v1/payments/{hold['id']}/capture")
    answer = operated.send(event)
    assert answer.status_code == 200
    operated.reported.append((event, answer.content))
    problem = operated.refused("authorization.expired", operated.sale(), "event_not_allowed")
    assert {"settlement.matched", "capture.failed", "dispute.warning", "dispute.opened"} <= set(problem["allowed_events"])
    assert not {"authorization.expired", "authorization.failed"} & set(problem["allowed_events"])


def test_what_a_wallet_pays_takes_no_events(operated):
    created = money.pay(operated.merchant, money.wallet(operated.merchant, fill=1_000), 1_000).json()
    problem = operated.refused("settlement.matched", created, "event_not_allowed", amount=1_000, fee=0)
    assert problem["allowed_events"] == []


# Refunds and captures


@pytest.mark.parametrize("settled", [True, False])
def test_a_refund_that_bounces_gives_the_merchant_its_money_again(operated, settled):
    created = operated.settled() if settled else operated.sale()
    change = Change(operated.merchant)
    refund = operated.refund(created, amount=4_000)
    taken = (0, -4_000, 0) if settled else (-4_000, 0, 0)
    assert change.now() == taken
    assert operated.report("refund.succeeded", created, refund_id=refund["id"])["effect"] == "none"
    operated.refused("refund.failed", created, "event_amount_mismatch", refund_id=refund["id"], amount=3_999)
    bounced = operated.report("refund.failed", created, refund_id=refund["id"], reason="account closed")
    assert (bounced["effect"], bounced["amount"], bounced["payment_status"]) == ("refund_bounced", 4_000, "captured")
    assert change.now() == (0, 0, 0)
    assert operated.merchant.get(f"/v1/refunds/{refund['id']}").json()["status"] == "failed"
    assert operated.report("refund.failed", created, refund_id=refund["id"])["effect"] == "none"
    operated.refused("refund.succeeded", created, "event_not_allowed", refund_id=refund["id"])
    assert change.now() == (0, 0, 0) and operated.read(created)["amount_refunded"] == 0


@pytest.mark.parametrize("settled", [0, 4_000, 10_000])
def test_a_capture_that_fails_is_taken_back_with_its_fee_from_wherever_it_is(operated, settled):
    change = Change(operated.merchant)
    created = operated.sale()
    if settled:
        operated.report("settlement.matched", created, amount=settled, fee=0)
    part = operated.report("capture.failed", created, amount=4_000)
    assert (part["effect"], part["payment_status"]) == ("capture_reversed", "captured")
    assert sum(change.now()) == 5_970 and operated.read(created)["amount_captured"] == 6_000
    rest = operated.report("capture.failed", created)
    assert (rest["amount"], rest["payment_status"]) == (6_000, "failed")
    assert change.now() == (0, 0, 0)
    assert operated.report("capture.failed", created)["effect"] == "none"


def test_an_event_ends_what_is_running(operated):
    change = Change(operated.merchant)
    debit = operated.sale("tok_bank_debit_succeeds_6s", 202)
    refused = operated.send(operated.event("cancel.succeeded", debit))
    assert refused.status_code == 409 and refused.json()["code"] == "operation_in_progress"
    charge = at_provider(operated, "/v1/charges", reference=debit["id"])["data"][0]
    reported = operated.report("authorization.succeeded", debit, amount=10_000, psp_reference=charge["id"])
    assert (reported["ended_operation"], reported["effect"], reported["payment_status"]) == ("authorize", "none", "captured")
    assert change.now() == (9_950, 0, 0)
    returned = operated.sale("tok_refund_pending")
    refund = operated.refund(returned, 202)
    ended = operated.report("refund.succeeded", returned, refund_id=refund["id"])
    assert (ended["ended_operation"], ended["payment_status"]) == ("refund", "refunded")
    # The fee of the payment that was refunded stays, and is no debt among what is pending.
    assert change.now() == (9_950, -50, 0)
    wait_until(lambda: moved(operated, debit) == [("authorize", 10_000), ("capture", 10_000)], 30, "the debit")
    assert operated.read(debit)["status"] == "captured" and operated.read(returned)["status"] == "refunded"
    assert operated.refund(debit, amount=100)["status"] == "succeeded"


# Authorizations


def test_an_authorization_expires_when_the_provider_says_so(operated):
    hold = operated.sale(capture=False)
    reported = operated.report("authorization.expired", hold)
    assert (reported["effect"], reported["payment_status"]) == ("authorization_expired", "expired")
    assert operated.read(hold)["amount_capturable"] == 0
    assert operated.merchant.post(f"/v1/payments/{hold['id']}/capture", json={}, headers=key()).status_code == 409
    assert operated.report("authorization.expired", hold)["effect"] == "none"


@pytest.mark.parametrize(
    "capture,status,back", [(True, "refunded", [("capture", 10_000), ("refund", 10_000)]), (False, ..., [("cancel", 10_000)])]
)
def test_a_late_success_is_booked_and_taken_back(operated, capture, status, back):
    """The provider declined, and has the money after all."""
    change = Change(operated.merchant)
    late = operated.demo.metrics()["millrace_late_successes_total"]
    created = operated.sale("tok_decline_do_not_honor", 402, capture=capture)
    assert created["status"] == "failed"
    charge = httpx.post(
        f"{operated.demo.psp_url}/v1/charges",
        json={"reference": created["id"], "amount": 10_000, "currency": "EUR", "payment_method": "tok_visa", "capture": capture},
        headers={"authorization": "Bearer sk_sim_test"} | key(),
    ).json()
    event = operated.event("authorization.succeeded", created, amount=10_000, psp_reference=charge["id"])
    answer = operated.send(event)
    assert answer.status_code == 200 and answer.json()["effect"] == "authorized_late", answer.text
    operated.reported.append((event, answer.content))
    assert operated.demo.metrics()["millrace_late_successes_total"] == late + 1
    wait_until(lambda: moved(operated, created) == sorted([("authorize", 10_000), *back]), 60, "the way back")
    if status is ...:
        wait_until(lambda: operated.read(created)["amount_capturable"] == 0, 30, "the end of the hold")
    else:
        becomes(operated, created, status)
    assert at_provider(operated, f"/v1/charges/{charge['id']}")["status"] == ("refunded" if capture else "cancelled")
    # The platform's fee stays, as with every refund.
    assert change.now() == ((0, -50, 0) if capture else (0, 0, 0))
    assert operated.send(event).content == answer.content


# Money that nobody can explain


def test_another_amount_than_asked_waits_in_suspense_until_it_is_explained(operated):
    change = Change(operated.merchant)
    created = operated.sale("tok_wrong_amount", 202)
    assert created["status"] == "conflicted" and change.now() == (0, 0, 0)
    operated.refused("money.reclassified", created, "event_amount_mismatch", amount=10_002, to="merchant:available")
    reported = operated.report("money.reclassified", created, amount=10_001, to="merchant:available")
    assert reported["effect"] == "reclassified" and change.now() == (0, 10_001, 0)
    operated.refused("money.reclassified", created, "event_amount_mismatch", amount=1, to="merchant:available")
    assert operated.report("money.unexplained", created, amount=77, taken=True)["amount"] == -77
    assert operated.report("money.reclassified", created, amount=77, taken=True, to="platform:losses")["amount"] == -77
    assert change.now() == (0, 10_001, 0)


# Pay-outs, and afterwards


def test_what_was_settled_is_paid_out(operated):
    operated.settled()
    before = money.available(operated.merchant)
    payout = operated.post("/v1/payouts", 201, currency="EUR", destination="ba_main", amount=9_950)
    assert money.available(operated.merchant) == before - 9_950
    for event, status in (("sent", "in_transit"), ("paid", "paid")):
        answer = operated.operator.post(f"/v1/payouts/{payout['id']}/events", json={"event": event}, headers=key())
        assert answer.status_code == 200 and answer.json()["status"] == status
    operated.restart()
    assert operated.merchant.get(f"/v1/payouts/{payout['id']}").json()["status"] == "paid"


def test_afterwards_the_books_are_sound_and_every_answer_is_the_same(operated):
    assert len(operated.reported) > 40
    rows = operated.end()
    assert booked(rows, "liabilities:suspense") == 0
    assert booked(rows, "liabilities:payout:in_transit") == 0
