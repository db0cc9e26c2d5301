"""Disputes with the real binary: what providers tell, what merchants do, what time does; and what is left of it after a kill."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from events import Change, Desk, booked
from gateway import Demo, key, wait_until

RESERVE = """
provider: {deadline: 1s, reserve_on_warning: true}
operators:
  - name: ops
    api_keys: ["%s"]
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("disputes"))
    try:
        yield Desk(demo)
    finally:
        demo.stop()


def dispute(desk, identifier):
    answer = desk.shop.get(f"/v1/disputes/{identifier}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def charge_back(desk, created, reference="dp_1", amount=10_000, **changes):
    told = desk.tell("dispute.opened", created, psp_reference=reference, amount=amount, **changes)
    assert told["effect"] == "dispute_opened" and told["amount"] == amount
    return told["dispute_id"]


def act(desk, identifier, action, body, header=None):
    return desk.shop.post(f"/v1/disputes/{identifier}/{action}", json=body, headers=header or key())


def due(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


EVIDENCE = {"upload": "file_4711", "text": "Delivered,\nand signed for"}


def test_a_chargeback_is_defended_and_won_then_comes_again_and_is_lost(desk):
    created = desk.settled()
    change = Change(desk.shop)
    identifier = charge_back(desk, created, fee=2_000, reason="product not received", evidence_due_at=due(3_600))
    assert change.now() == (0, -12_000, 0)
    opened = dispute(desk, identifier)
    assert (opened["status"], opened["amount"], opened["fee"], opened["chargebacks"]) == ("open", 10_000, 2_000, 1)
    assert (opened["payment_id"], opened["psp_reference"]) == (created["id"], "dp_1")
    assert opened["reason"] == "product not received" and opened["evidence"] is None and opened["evidence_due_at"]
    assert desk.refund(created, 409)["code"] == "payment_disputed"
    # Told twice in other words.
    assert desk.tell("dispute.opened", created, psp_reference="dp_1", amount=10_000)["effect"] == "none"
    desk.restart()
    change.api = desk.shop
    assert dispute(desk, identifier) == opened and desk.refund(created, 409)["code"] == "payment_disputed"
    header = key()
    sent = act(desk, identifier, "evidence", EVIDENCE, header)
    assert sent.status_code == 200 and sent.json()["status"] == "under_review" and sent.json()["evidence"] == EVIDENCE
    again = act(desk, identifier, "evidence", EVIDENCE, header)
    assert again.content == sent.content and again.headers["idempotent-replayed"] == "true"
    assert act(desk, identifier, "evidence", {"text": "other"}, header).json()["code"] == "idempotency_key_reused"
    won = desk.tell("dispute.won", created, psp_reference="dp_1", fee_returned=True)
    assert (won["effect"], won["dispute_id"]) == ("dispute_won", identifier) and change.now() == (0, 0, 0)
    late = act(desk, identifier, "evidence", EVIDENCE)
    assert late.status_code == 409 and late.json()["code"] == "dispute_unexpected_state"
    assert late.json()["dispute"]["status"] == "won"
    desk.restart()
    change.api = desk.shop
    assert act(desk, identifier, "evidence", EVIDENCE, header).content == sent.content
    # The second chargeback, with the configured fee.
    assert charge_back(desk, created) == identifier
    second = dispute(desk, identifier)
    assert (second["status"], second["chargebacks"], second["fee"]) == ("open", 2, 1_500)
    assert change.now() == (0, -11_500, 0) and desk.refund(created, 409)["code"] == "payment_disputed"
    lost = desk.tell("dispute.lost", created, psp_reference="dp_1")
    assert lost["effect"] == "dispute_lost" and change.now() == (0, -11_500, 0)
    assert dispute(desk, identifier)["status"] == "lost"
    problem = desk.refused("dispute.won", created, "event_not_allowed", psp_reference="dp_1")
    assert "dispute.won" not in problem["allowed_events"]
    # Nothing is left of it.
    assert desk.refund(created, 409, amount=1)["code"] == "payment_unexpected_state"


def test_a_fee_that_does_not_come_back_stays_taken(desk):
    created = desk.settled()
    change = Change(desk.shop)
    identifier = charge_back(desk, created, amount=6_000)
    assert desk.tell("dispute.under_review", created, psp_reference="dp_1")["effect"] == "dispute_under_review"
    desk.refused("dispute.won", created, "event_amount_mismatch", psp_reference="dp_1", amount=5_999)
    desk.tell("dispute.won", created, psp_reference="dp_1", amount=6_000)
    assert change.now() == (0, -1_500, 0) and dispute(desk, identifier)["fee"] == 1_500
    assert desk.refund(created, amount=10_000)["status"] == "succeeded"
    assert change.now() == (0, -11_500, 0)


def test_a_dispute_that_was_won_is_lost_after_all(desk):
    created = desk.settled()
    change = Change(desk.shop)
    identifier = charge_back(desk, created, fee=0)
    desk.tell("dispute.won", created, psp_reference="dp_1")
    assert change.now() == (0, 0, 0)
    told = desk.tell("dispute.lost", created, psp_reference="dp_1", fee=100)
    assert told["effect"] == "dispute_lost_after_all" and change.now() == (0, -10_100, 0)
    after = dispute(desk, identifier)
    assert (after["status"], after["chargebacks"]) == ("lost", 2)


def test_a_merchant_gives_a_dispute_up(desk):
    created = desk.settled()
    change = Change(desk.shop)
    identifier = charge_back(desk, created)
    assert desk.other.get(f"/v1/disputes/{identifier}").status_code == 404
    for action, body in (("accept", {}), ("evidence", EVIDENCE)):
        stranger = desk.other.post(f"/v1/disputes/{identifier}/{action}", json=body, headers=key())
        assert stranger.status_code == 404
        assert desk.operator.post(f"/v1/disputes/{identifier}/{action}", json=body, headers=key()).status_code == 403
    header = key()
    accepted = act(desk, identifier, "accept", {}, header)
    assert accepted.status_code == 200 and accepted.json()["status"] == "lost"
    assert act(desk, identifier, "accept", {}, header).content == accepted.content
    refused = act(desk, identifier, "accept", {})
    assert refused.status_code == 409 and refused.json()["code"] == "dispute_unexpected_state"
    assert change.now() == (0, -11_500, 0)
    # The provider says the same later.
    assert desk.tell("dispute.lost", created, psp_reference="dp_1")["effect"] == "none"


def test_evidence_needs_something_and_a_key(desk):
    identifier = charge_back(desk, desk.settled())
    for body, status, code in (
        ({}, 400, "parameter_missing"),
        ({"upload": "with blank"}, 400, "parameter_characters_invalid"),
        ({"text": "x" * 2_001}, 400, "parameter_too_long"),
        ({"files": []}, 400, "parameter_unknown"),
    ):
        answer = act(desk, identifier, "evidence", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = desk.shop.post(f"/v1/disputes/{identifier}/evidence", json=EVIDENCE)
    assert answer.status_code == 400 and answer.json()["code"] == "idempotency_key_missing"
    assert dispute(desk, identifier)["status"] == "open"


@pytest.mark.parametrize("down", [False, True])
def test_a_dispute_without_evidence_is_lost_when_its_time_is_over(desk, down):
    defended, idle = desk.settled(), desk.settled()
    with_evidence = charge_back(desk, defended, evidence_due_at=due(4))
    without = charge_back(desk, idle, evidence_due_at=due(4))
    change = Change(desk.shop)
    assert act(desk, with_evidence, "evidence", EVIDENCE).json()["status"] == "under_review"
    if down:
        desk.demo.kill_gateway()
        time.sleep(5)
        desk.demo.start("gateway")
        desk.connect()
        change.api = desk.shop
    wait_until(lambda: dispute(desk, without)["status"] == "lost", 30, "the loss of what nobody defended")
    late = act(desk, without, "evidence", EVIDENCE)
    assert late.status_code == 409 and late.json()["code"] == "dispute_unexpected_state"
    assert dispute(desk, with_evidence)["status"] == "under_review"
    assert change.now() == (0, 0, 0), "it was taken when it was charged back"
    assert desk.tell("dispute.lost", idle, psp_reference="dp_1")["effect"] == "none"


def test_a_chargeback_takes_no_more_than_is_left_unless_it_says_so(desk):
    created = desk.settled()
    desk.refund(created, amount=7_000)
    desk.refused("dispute.opened", created, "event_amount_mismatch", psp_reference="dp_1", amount=3_001)
    change = Change(desk.shop)
    charge_back(desk, created, includes_refunded=True)
    assert change.now() == (0, -11_500, 0)
    desk.refused(
        "dispute.opened", created, "event_amount_mismatch", psp_reference="dp_2", amount=1, includes_refunded=True
    )


def test_what_is_not_disputed_is_refunded_where_the_provider_lets_it(desk):
    created = desk.settled()
    identifier = charge_back(desk, created, amount=6_000, is_charge_refundable=True)
    assert dispute(desk, identifier)["is_charge_refundable"] is True
    assert desk.refund(created, 422, amount=4_001)["code"] == "amount_exceeds_refundable"
    assert desk.refund(created, amount=4_000)["status"] == "succeeded"
    assert desk.refund(created, 409, amount=1)["code"] == "payment_unexpected_state"


def test_a_chargeback_of_what_is_not_settled_leaves_the_merchant_owing(desk):
    with desk.demo.client(2) as poor:
        created = poor.post(
            "/v1/payments", json={"amount": 10_000, "currency": "EUR", "payment_method": "tok_visa"}, headers=key()
        ).json()
        change = Change(poor)
        event = desk.event("dispute.opened", created, psp_reference="dp_1", amount=10_000, fee=20)
        answer = desk.send(event)
        assert answer.status_code == 200 and answer.json()["available_negative"] is True
        desk.told.append((event, answer.content))
        assert change.now() == (0, -10_020, 0)
        refused = poor.post("/v1/payouts", json={"currency": "EUR", "destination": "ba_main"}, headers=key())
        assert refused.status_code == 422 and refused.json()["code"] == "balance_insufficient"


def test_disputes_need_a_capture_and_a_reference_that_is_known(desk):
    hold = desk.sale(capture=False)
    desk.refused("dispute.opened", hold, "event_not_allowed", psp_reference="dp_1", amount=1)
    desk.refused("dispute.warning", hold, "event_not_allowed", psp_reference="dp_1", amount=1)
    created = desk.settled()
    for kind in ("dispute.won", "dispute.lost", "dispute.under_review", "dispute.warning_closed"):
        answer = desk.send(desk.event(kind, created, psp_reference="dp_unknown"))
        assert answer.status_code == 404, answer.text
    for identifier in ("dsp_" + "0" * 26, "dsp_" + "7" * 26, "dsp_x"):
        assert desk.shop.get(f"/v1/disputes/{identifier}").status_code == 404


def test_a_payment_has_at_most_sixteen_disputes(desk):
    created = desk.settled()
    for number in range(16):
        charge_back(desk, created, f"dp_{number}", amount=10, fee=0)
    answer = desk.send(desk.event("dispute.opened", created, psp_reference="dp_16", amount=10))
    assert answer.status_code == 422 and answer.json()["code"] == "too_many_disputes"


def test_a_warning_sets_nothing_aside_unless_configured(desk):
    created = desk.settled()
    change = Change(desk.shop)
    told = desk.tell("dispute.warning", created, psp_reference="rfi_1", amount=6_000)
    assert told["effect"] == "dispute_warned" and change.now() == (0, 0, 0)
    assert dispute(desk, told["dispute_id"])["status"] == "warning"
    assert act(desk, told["dispute_id"], "evidence", EVIDENCE).status_code == 409
    assert charge_back(desk, created, "rfi_1", amount=6_000) == told["dispute_id"]
    desk.refused("dispute.warning_closed", created, "event_not_allowed", psp_reference="rfi_1")


def test_a_warning_sets_the_amount_aside_until_it_ends(tmp_path):
    demo = Demo(tmp_path)
    try:
        desk = Desk(demo, RESERVE)
        first, second = desk.settled(), desk.settled()
        change = Change(desk.shop)
        one = desk.tell("dispute.warning", first, psp_reference="rfi_1", amount=6_000)["dispute_id"]
        desk.tell("dispute.warning", second, psp_reference="rfi_2", amount=1_000)
        assert change.now() == (0, -7_000, 7_000) and dispute(desk, one)["amount_reserved"] == 6_000
        desk.restart()
        change.api = desk.shop
        assert change.now() == (0, -7_000, 7_000)
        charge_back(desk, first, "rfi_1", amount=6_000, fee=5)
        assert change.now() == (0, -7_005, 1_000) and dispute(desk, one)["amount_reserved"] == 0
        assert desk.tell("dispute.warning_closed", second, psp_reference="rfi_2")["effect"] == "dispute_warning_closed"
        assert change.now() == (0, -6_005, 0)
        assert booked(desk.end(), "liabilities:merchant:reserve") == 0
    finally:
        demo.stop()


def test_afterwards_the_books_are_sound_and_every_answer_is_the_same(desk):
    assert len(desk.told) > 50
    desk.end()
