"""What providers, settlement lines and operators tell of payments: applied once, whoever tells it how often, and booked right.

The simulator's oracle is the witness that late money goes back."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import money
import pytest
from events import Change, Desk, booked
from gateway import Demo, key, wait_until


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("events"))
    try:
        yield Desk(demo)
    finally:
        demo.stop()


def moved(desk, created):
    lines = desk.demo.oracle(created["id"])
    assert all(line["executions"] == 1 for line in lines), lines
    return sorted((line["operation"], line["amount"]) for line in lines)


def at_provider(desk, path, **parameters):
    answer = httpx.get(f"{desk.demo.psp_url}{path}", params=parameters, headers={"authorization": "Bearer sk_sim_test"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def becomes(desk, created, status):
    wait_until(lambda: desk.read(created)["status"] == status, 60, f"{created['id']} to be {status}")


# Keys


def test_merchants_tell_nothing_and_operators_do_nothing_else(desk):
    created = desk.sale()
    event = desk.event("settlement.matched", created, amount=1, fee=0)
    merchants = desk.shop.post("/v1/provider_events", json=event)
    assert merchants.status_code == 403 and merchants.json()["code"] == "api_key_role_wrong"
    for answer in (
        desk.operator.get(f"/v1/payments/{created['id']}"),
        desk.operator.get("/v1/balance"),
        desk.operator.post(f"/v1/payments/{created['id']}/refunds", json={}, headers=key()),
        desk.operator.get("/v1/disputes/dsp_" + "0" * 26),
        desk.operator.post("/v1/disputes/dsp_" + "0" * 26 + "/accept", json={}, headers=key()),
    ):
        assert answer.status_code == 403 and answer.json()["code"] == "api_key_role_wrong", answer.text
    with desk.demo.client(merchant=None) as nobody:
        assert nobody.post("/v1/provider_events", json=event).json()["code"] == "api_key_missing"
        nobody.headers["authorization"] = "Bearer ok_" + "A" * 43
        assert nobody.post("/v1/provider_events", json=event).json()["code"] == "api_key_invalid"
    assert desk.read(created) == created


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
def test_an_event_that_says_too_little_or_too_much_is_400(desk, changes, code, param):
    event = desk.event("settlement.matched", {"id": "pay_" + "0" * 26}, amount=1, fee=0) | changes
    answer = desk.send({name: value for name, value in event.items() if value is not ...})
    assert answer.status_code == 400 and (answer.json()["code"], answer.json()["param"]) == (code, param), answer.text


def test_an_event_of_no_payment_is_404(desk):
    for identifier in ("pay_" + "0" * 26, "pay_" + "7" * 26, "pay_x"):
        answer = desk.send(desk.event("settlement.matched", {"id": identifier}, amount=1, fee=0))
        assert answer.status_code == 404 and answer.json()["code"] == "resource_not_found"


# Settlement


def test_a_settlement_makes_the_merchants_share_available_in_parts_too(desk):
    change = Change(desk.shop)
    created = desk.sale()
    assert change.now() == (9_950, 0, 0)
    part = desk.tell("settlement.matched", created, amount=4_000, fee=50)
    assert (part["effect"], part["amount"], part["payment_status"]) == ("settled", 4_000, "captured")
    assert change.now() == (5_970, 3_980, 0)
    desk.refused("settlement.matched", created, "event_amount_mismatch", amount=6_001, fee=0)
    desk.refused("settlement.matched", created, "event_amount_mismatch", amount=6_000, fee=0, currency="USD")
    # The bank would have to pay.
    desk.refused("settlement.matched", created, "event_amount_mismatch", amount=6_000, fee=6_001)
    desk.tell("settlement.matched", created, amount=6_000, fee=70)
    assert change.now() == (0, 9_950, 0)
    desk.refused("settlement.matched", created, "event_amount_mismatch", amount=1, fee=0)
    refund = desk.refund(created, amount=2_500)
    assert refund["status"] == "succeeded" and change.now() == (0, 7_450, 0)
    assert desk.read(created)["status"] == "partially_refunded"


def test_identifiers_of_the_provider_may_look_like_card_numbers(desk):
    created = desk.sale()
    # Adyen's are 16 digits.
    told = desk.tell("settlement.matched", created, id="4111111111111111", psp_reference="5500000000000004", amount=10_000, fee=0)
    assert told["id"] == "4111111111111111" and told["effect"] == "settled"
    entries = desk.shop.get(f"/v1/payments/{created['id']}/timeline").json()["entries"]
    assert "5500000000000004" in str(entries[-1])
    for changes in ({"reason": "card 4111 1111 1111 1111"}, {"provider": "4111111111111111"}, {"surprise": "4111111111111111"}):
        answer = desk.send(desk.event("settlement.matched", created, amount=1, fee=0) | changes)
        assert answer.status_code == 400 and answer.json()["code"] == "card_number_in_request"


def test_a_settlement_makes_sellers_parts_available_too(desk):
    parts = [{"seller": "books", "amount": 6_001}, {"seller": "toys", "basis_points": 3_333}]
    created = desk.sale(splits=parts)

    def sellers():
        lines = desk.shop.get("/v1/balance").json()["sellers"]
        return {line["seller"]: (line["pending"], line["available"]) for line in lines}

    whole = {part["seller"]: part["amount"] for part in created["splits"]}
    assert whole["books"] == 6_001 and sellers() == {seller: (amount, 0) for seller, amount in whole.items()}
    desk.tell("settlement.matched", created, amount=4_000, fee=50)
    # Four tenths, rounded down.
    tenths = {seller: amount * 4 // 10 for seller, amount in whole.items()}
    assert sellers() == {seller: (amount - tenths[seller], tenths[seller]) for seller, amount in whole.items()}
    desk.restart()
    assert {part["seller"]: part["settled"] for part in desk.read(created)["splits"]} == tenths
    desk.tell("settlement.matched", created, amount=6_000, fee=70)
    assert sellers() == {seller: (0, amount) for seller, amount in whole.items()}
    paid_out = desk.post("/v1/payouts", 201, amount=6_001, currency="EUR", destination="books-bank", seller="books")
    assert paid_out["amount"] == 6_001 and sellers()["books"] == (0, 0)
    arrived = desk.operator.post(f"/v1/payouts/{paid_out['id']}/events", json={"event": "paid"}, headers=key())
    assert arrived.json()["status"] == "paid"


def test_what_is_refunded_before_the_settlement_comes_from_pending(desk):
    change = Change(desk.shop)
    created = desk.sale()
    desk.refund(created, amount=1_000)
    assert change.now() == (8_950, 0, 0)
    desk.tell("settlement.matched", created, amount=10_000, fee=0)
    assert change.now() == (0, 8_950, 0)


def test_what_was_refunded_in_full_leaves_its_fee_as_a_debt_that_is_written_off(desk):
    with desk.demo.client(2) as poor:
        created = poor.post(
            "/v1/payments", json={"amount": 10_000, "currency": "EUR", "payment_method": "tok_visa"}, headers=key()
        ).json()
        assert poor.post(f"/v1/payments/{created['id']}/refunds", json={}, headers=key()).status_code == 201

        def tell(kind, **changes):
            event = desk.event(kind, created, **changes)
            answer = desk.send(event)
            if answer.status_code == 200:
                desk.told.append((event, answer.content))
            return answer

        assert tell("settlement.matched", amount=10_000, fee=0).json()["available_negative"] is True
        # The third demo merchant pays 1 %.
        assert money.available(poor) == -100
        assert tell("balance.written_off", amount=101).json()["code"] == "event_amount_mismatch"
        last = tell("balance.written_off", amount=100).json()
        assert last["effect"] == "written_off" and last["available_negative"] is False
        assert money.available(poor) == 0
        assert tell("balance.written_off", amount=1).json()["code"] == "event_not_allowed"


# Once


def test_the_same_event_is_applied_once_also_by_many_at_once_and_after_a_kill(desk):
    change = Change(desk.shop)
    created = desk.sale()
    event = desk.event("settlement.matched", created, amount=3_000, fee=1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.send(event), range(24)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_use"}
    contents = {answer.content for answer in answers if answer.status_code == 200}
    assert len(contents) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers if answer.status_code == 200) == 1
    desk.told.append((event, contents.pop()))
    assert change.now() == (6_965, 2_985, 0)
    reused = desk.send(event | {"amount": 3_001})
    assert reused.status_code == 422 and reused.json()["code"] == "idempotency_key_reused"
    desk.restart()
    desk.tell_all_again()
    change.api = desk.shop
    assert change.now() == (6_965, 2_985, 0)
    assert desk.send(event | {"amount": 3_001}).status_code == 422
    # Another provider's event of the same name is another event.
    other = event | {"provider": "another"}
    assert desk.send(other).status_code == 200 and change.now() == (3_980, 5_970, 0)


def test_a_kill_while_events_are_told_applies_each_of_them_once(desk):
    created = desk.sale()
    change = Change(desk.shop)
    events = [desk.event("settlement.matched", created, amount=200, fee=0) for _ in range(50)]

    def send(event):
        try:
            return desk.send(event)
        except httpx.HTTPError:
            return None

    with ThreadPoolExecutor(4) as pool:
        pending = [pool.submit(send, event) for event in events]
        wait_until(lambda: sum(future.done() for future in pending) >= 10, 30, "some events")
        desk.demo.kill_gateway()
        first = [future.result() for future in pending]
    desk.demo.start("gateway")
    desk.connect()
    change.api = desk.shop
    for event, before in zip(events, first, strict=True):
        after = desk.send(event)
        assert after.status_code == 200
        if before is not None and before.status_code == 200:
            assert after.content == before.content
        desk.told.append((event, after.content))
    # Part by part, and the rest with the last one.
    assert change.now() == (-9_950, 9_950, 0)
    desk.refused("settlement.matched", created, "event_amount_mismatch", amount=1, fee=0)


# Refused


def test_a_refused_event_names_what_is_allowed_and_may_be_told_again_later(desk):
    hold = desk.sale(capture=False)
    problem = desk.refused("settlement.matched", hold, "event_not_allowed", amount=10_000, fee=0)
    assert set(problem["allowed_events"]) == {"authorization.expired", "money.unexplained"}
    assert problem["payment"]["id"] == hold["id"] and problem["payment"]["status"] == "authorized"
    event = desk.event("settlement.matched", hold, amount=10_000, fee=0)
    assert desk.send(event).status_code == 409
    desk.post(f"/v1/payments/{hold['id']}/capture")
    answer = desk.send(event)
    assert answer.status_code == 200
    desk.told.append((event, answer.content))
    problem = desk.refused("authorization.expired", desk.sale(), "event_not_allowed")
    assert {"settlement.matched", "capture.failed", "dispute.warning", "dispute.opened"} <= set(problem["allowed_events"])
    assert not {"authorization.expired", "authorization.failed"} & set(problem["allowed_events"])


def test_what_a_wallet_pays_takes_no_events(desk):
    created = money.pay(desk.shop, money.wallet(desk.shop, fill=1_000), 1_000).json()
    problem = desk.refused("settlement.matched", created, "event_not_allowed", amount=1_000, fee=0)
    assert problem["allowed_events"] == []


# Refunds and captures


@pytest.mark.parametrize("settled", [True, False])
def test_a_refund_that_bounces_gives_the_merchant_its_money_again(desk, settled):
    created = desk.settled() if settled else desk.sale()
    change = Change(desk.shop)
    refund = desk.refund(created, amount=4_000)
    taken = (0, -4_000, 0) if settled else (-4_000, 0, 0)
    assert change.now() == taken
    assert desk.tell("refund.succeeded", created, refund_id=refund["id"])["effect"] == "none"
    desk.refused("refund.failed", created, "event_amount_mismatch", refund_id=refund["id"], amount=3_999)
    bounced = desk.tell("refund.failed", created, refund_id=refund["id"], reason="account closed")
    assert (bounced["effect"], bounced["amount"], bounced["payment_status"]) == ("refund_bounced", 4_000, "captured")
    assert change.now() == (0, 0, 0)
    assert desk.shop.get(f"/v1/refunds/{refund['id']}").json()["status"] == "failed"
    assert desk.tell("refund.failed", created, refund_id=refund["id"])["effect"] == "none"
    desk.refused("refund.succeeded", created, "event_not_allowed", refund_id=refund["id"])
    assert change.now() == (0, 0, 0) and desk.read(created)["amount_refunded"] == 0


@pytest.mark.parametrize("settled", [0, 4_000, 10_000])
def test_a_capture_that_fails_is_taken_back_with_its_fee_from_wherever_it_is(desk, settled):
    change = Change(desk.shop)
    created = desk.sale()
    if settled:
        desk.tell("settlement.matched", created, amount=settled, fee=0)
    part = desk.tell("capture.failed", created, amount=4_000)
    assert (part["effect"], part["payment_status"]) == ("capture_reversed", "captured")
    assert sum(change.now()) == 5_970 and desk.read(created)["amount_captured"] == 6_000
    rest = desk.tell("capture.failed", created)
    assert (rest["amount"], rest["payment_status"]) == (6_000, "failed")
    assert change.now() == (0, 0, 0)
    assert desk.tell("capture.failed", created)["effect"] == "none"


def test_an_event_ends_what_is_running(desk):
    change = Change(desk.shop)
    debit = desk.sale("tok_bank_debit_succeeds_6s", 202)
    refused = desk.send(desk.event("cancel.succeeded", debit))
    assert refused.status_code == 409 and refused.json()["code"] == "operation_in_progress"
    charge = at_provider(desk, "/v1/charges", reference=debit["id"])["data"][0]
    told = desk.tell("authorization.succeeded", debit, amount=10_000, psp_reference=charge["id"])
    assert (told["ended_operation"], told["effect"], told["payment_status"]) == ("authorize", "none", "captured")
    assert change.now() == (9_950, 0, 0)
    returned = desk.sale("tok_refund_pending")
    refund = desk.refund(returned, 202)
    ended = desk.tell("refund.succeeded", returned, refund_id=refund["id"])
    assert (ended["ended_operation"], ended["payment_status"]) == ("refund", "refunded")
    assert change.now() == (9_900, 0, 0)
    wait_until(lambda: moved(desk, debit) == [("authorize", 10_000), ("capture", 10_000)], 30, "the debit")
    assert desk.read(debit)["status"] == "captured" and desk.read(returned)["status"] == "refunded"
    assert desk.refund(debit, amount=100)["status"] == "succeeded"


# Authorizations


def test_an_authorization_expires_when_the_provider_says_so(desk):
    hold = desk.sale(capture=False)
    told = desk.tell("authorization.expired", hold)
    assert (told["effect"], told["payment_status"]) == ("authorization_expired", "expired")
    assert desk.read(hold)["amount_capturable"] == 0
    assert desk.shop.post(f"/v1/payments/{hold['id']}/capture", json={}, headers=key()).status_code == 409
    assert desk.tell("authorization.expired", hold)["effect"] == "none"


@pytest.mark.parametrize(
    "capture,status,back", [(True, "refunded", [("capture", 10_000), ("refund", 10_000)]), (False, ..., [("cancel", 10_000)])]
)
def test_a_late_success_is_booked_and_taken_back(desk, capture, status, back):
    """The provider declined, and has the money after all."""
    change = Change(desk.shop)
    late = desk.demo.metrics()["millrace_late_successes_total"]
    created = desk.sale("tok_decline_do_not_honor", 402, capture=capture)
    assert created["status"] == "failed"
    charge = httpx.post(
        f"{desk.demo.psp_url}/v1/charges",
        json={"reference": created["id"], "amount": 10_000, "currency": "EUR", "payment_method": "tok_visa", "capture": capture},
        headers={"authorization": "Bearer sk_sim_test"} | key(),
    ).json()
    event = desk.event("authorization.succeeded", created, amount=10_000, psp_reference=charge["id"])
    answer = desk.send(event)
    assert answer.status_code == 200 and answer.json()["effect"] == "authorized_late", answer.text
    desk.told.append((event, answer.content))
    assert desk.demo.metrics()["millrace_late_successes_total"] == late + 1
    wait_until(lambda: moved(desk, created) == sorted([("authorize", 10_000), *back]), 60, "the way back")
    if status is ...:
        wait_until(lambda: desk.read(created)["amount_capturable"] == 0, 30, "the end of the hold")
    else:
        becomes(desk, created, status)
    assert at_provider(desk, f"/v1/charges/{charge['id']}")["status"] == ("refunded" if capture else "cancelled")
    # The platform's fee stays, as with every refund.
    assert change.now() == ((-50, 0, 0) if capture else (0, 0, 0))
    assert desk.send(event).content == answer.content


# Money that nobody can explain


def test_another_amount_than_asked_waits_in_suspense_until_it_is_explained(desk):
    change = Change(desk.shop)
    created = desk.sale("tok_wrong_amount", 202)
    assert created["status"] == "conflicted" and change.now() == (0, 0, 0)
    desk.refused("money.reclassified", created, "event_amount_mismatch", amount=10_002, to="merchant:available")
    told = desk.tell("money.reclassified", created, amount=10_001, to="merchant:available")
    assert told["effect"] == "reclassified" and change.now() == (0, 10_001, 0)
    desk.refused("money.reclassified", created, "event_amount_mismatch", amount=1, to="merchant:available")
    assert desk.tell("money.unexplained", created, amount=77, taken=True)["amount"] == -77
    assert desk.tell("money.reclassified", created, amount=77, taken=True, to="platform:losses")["amount"] == -77
    assert change.now() == (0, 10_001, 0)


# Pay-outs, and afterwards


def test_what_was_settled_is_paid_out(desk):
    desk.settled()
    before = money.available(desk.shop)
    payout = desk.post("/v1/payouts", 201, currency="EUR", destination="ba_main", amount=9_950)
    assert money.available(desk.shop) == before - 9_950
    for event, status in (("sent", "in_transit"), ("paid", "paid")):
        answer = desk.operator.post(f"/v1/payouts/{payout['id']}/events", json={"event": event}, headers=key())
        assert answer.status_code == 200 and answer.json()["status"] == status
    desk.restart()
    assert desk.shop.get(f"/v1/payouts/{payout['id']}").json()["status"] == "paid"


def test_afterwards_the_books_are_sound_and_every_answer_is_the_same(desk):
    assert len(desk.told) > 40
    rows = desk.end()
    assert booked(rows, "liabilities:suspense") == 0
    assert booked(rows, "liabilities:payout:in_transit") == 0
