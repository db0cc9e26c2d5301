"""Disputes with the real binary: what providers report, what merchants do, what time does; and what is left of it after a kill."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from events import Change, OperatedDemo, booked
from gateway import Demo, key, wait_until

RESERVE = """
provider: {deadline: 1s, reserve_on_warning: true}
operators:
  - name: ops
    api_keys: ["%s"]
"""


@pytest.fixture(scope="module")
def operated(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("disputes"))
    try:
        yield OperatedDemo(demo)
    finally:
        demo.stop()


def dispute(operated, identifier):
    answer = operated.merchant.get(f"/v1/disputes/{identifier}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def charge_back(operated, created, reference="dp_1", amount=10_000, **changes):
    reported = operated.report("dispute.opened", created, psp_reference=reference, amount=amount, **changes)
    assert reported["effect"] == "dispute_opened" and reported["amount"] == amount
    return reported["dispute_id"]


def act(operated, identifier, action, body, header=None):
    return operated.merchant.post(f"/v1/disputes/{identifier}/{action}", json=body, headers=header or key())


def named_in_timeline(operated, created):
    """Number and identifier of each dispute that the merchant reads there."""
    entries = operated.merchant.get(f"/v1/payments/{created['id']}/timeline").json()["entries"]
    return {(entry["dispute"], entry["dispute_id"]) for entry in entries if "dispute" in entry}


def due(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


EVIDENCE = {"upload": "file_4711", "text": "Delivered,\nand signed for"}


def test_a_chargeback_is_defended_and_won_then_comes_again_and_is_lost(operated):
    created = operated.settled()
    change = Change(operated.merchant)
    identifier = charge_back(operated, created, fee=2_000, reason="product not received", evidence_due_at=due(3_600))
    assert change.now() == (0, -12_000, 0)
    opened = dispute(operated, identifier)
    assert (opened["status"], opened["amount"], opened["fee"], opened["chargebacks"]) == ("open", 10_000, 2_000, 1)
    assert (opened["payment_id"], opened["psp_reference"]) == (created["id"], "dp_1")
    assert opened["reason"] == "product not received" and opened["evidence"] is None and opened["evidence_due_at"]
    # The merchant finds it in the payment's timeline.
    assert named_in_timeline(operated, created) == {(1, identifier)}
    assert operated.refund(created, 409)["code"] == "payment_disputed"
    # Told twice in other words.
    assert operated.report("dispute.opened", created, psp_reference="dp_1", amount=10_000)["effect"] == "none"
    operated.restart()
    change.api = operated.merchant
    assert dispute(operated, identifier) == opened and operated.refund(created, 409)["code"] == "payment_disputed"
    header = key()
    sent = act(operated, identifier, "evidence", EVIDENCE, header)
    assert sent.status_code == 200 and sent.json()["status"] == "under_review" and sent.json()["evidence"] == EVIDENCE
    again = act(operated, identifier, "evidence", EVIDENCE, header)
    assert again.content == sent.content and again.headers["idempotent-replayed"] == "true"
    assert act(operated, identifier, "evidence", {"text": "other"}, header).json()["code"] == "idempotency_key_reused"
    won = operated.report("dispute.won", created, psp_reference="dp_1", fee_returned=True)
    assert (won["effect"], won["dispute_id"]) == ("dispute_won", identifier) and change.now() == (0, 0, 0)
    late = act(operated, identifier, "evidence", EVIDENCE)
    assert late.status_code == 409 and late.json()["code"] == "dispute_unexpected_state"
    assert late.json()["dispute"]["status"] == "won"
    operated.restart()
    change.api = operated.merchant
    assert act(operated, identifier, "evidence", EVIDENCE, header).content == sent.content
    # The second chargeback, with the configured fee.
    assert charge_back(operated, created) == identifier
    second = dispute(operated, identifier)
    assert (second["status"], second["chargebacks"], second["fee"]) == ("open", 2, 1_500)
    assert change.now() == (0, -11_500, 0) and operated.refund(created, 409)["code"] == "payment_disputed"
    lost = operated.report("dispute.lost", created, psp_reference="dp_1")
    assert lost["effect"] == "dispute_lost" and change.now() == (0, -11_500, 0)
    assert dispute(operated, identifier)["status"] == "lost"
    # Nothing is left of it.
    assert operated.refund(created, 409, amount=1)["code"] == "payment_unexpected_state"
    # Arbitration: no status of a dispute is final.
    arbitrated = operated.report("dispute.won", created, psp_reference="dp_1")
    assert arbitrated["effect"] == "dispute_won_after_all" and change.now() == (0, -1_500, 0)
    assert dispute(operated, identifier)["status"] == "won"


def test_a_fee_that_does_not_come_back_stays_taken(operated):
    created = operated.settled()
    change = Change(operated.merchant)
    identifier = charge_back(operated, created, amount=6_000)
    assert operated.report("dispute.under_review", created, psp_reference="dp_1")["effect"] == "dispute_under_review"
    operated.refused("dispute.won", created, "event_amount_mismatch", psp_reference="dp_1", amount=5_999)
    operated.report("dispute.won", created, psp_reference="dp_1", amount=6_000)
    assert change.now() == (0, -1_500, 0) and dispute(operated, identifier)["fee"] == 1_500
    assert operated.refund(created, amount=10_000)["status"] == "succeeded"
    assert change.now() == (0, -11_500, 0)


def test_a_dispute_that_was_won_is_lost_after_all(operated):
    created = operated.settled()
    change = Change(operated.merchant)
    identifier = charge_back(operated, created, fee=0)
    operated.report("dispute.won", created, psp_reference="dp_1")
    assert change.now() == (0, 0, 0)
    reported = operated.report("dispute.lost", created, psp_reference="dp_1", fee=100)
    assert reported["effect"] == "dispute_lost_after_all" and change.now() == (0, -10_100, 0)
    after = dispute(operated, identifier)
    assert (after["status"], after["chargebacks"]) == ("lost", 2)


def test_a_merchant_gives_a_dispute_up(operated):
    created = operated.settled()
    change = Change(operated.merchant)
    identifier = charge_back(operated, created)
    assert operated.other_merchant.get(f"/v1/disputes/{identifier}").status_code == 404
    for action, body in (("accept", {}), ("evidence", EVIDENCE)):
        stranger = operated.other_merchant.post(f"/v1/disputes/{identifier}/{action}", json=body, headers=key())
        assert stranger.status_code == 404
        assert operated.operator.post(f"/v1/disputes/{identifier}/{action}", json=body, headers=key()).status_code == 403
    header = key()
    accepted = act(operated, identifier, "accept", {}, header)
    assert accepted.status_code == 200 and accepted.json()["status"] == "lost"
    assert act(operated, identifier, "accept", {}, header).content == accepted.content
    refused = act(operated, identifier, "accept", {})
    assert refused.status_code == 409 and refused.json()["code"] == "dispute_unexpected_state"
    assert change.now() == (0, -11_500, 0)
    # The provider says the same later.
    assert operated.report("dispute.lost", created, psp_reference="dp_1")["effect"] == "none"


def test_evidence_needs_something_and_a_key(operated):
    identifier = charge_back(operated, operated.settled())
    for body, status, code in (
        ({}, 400, "parameter_missing"),
        ({"upload": "with blank"}, 400, "parameter_characters_invalid"),
        ({"text": "x" * 2_001}, 400, "parameter_too_long"),
        ({"files": []}, 400, "parameter_unknown"),
    ):
        answer = act(operated, identifier, "evidence", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = operated.merchant.post(f"/v1/disputes/{identifier}/evidence", json=EVIDENCE)
    assert answer.status_code == 400 and answer.json()["code"] == "idempotency_key_missing"
    assert dispute(operated, identifier)["status"] == "open"


@pytest.mark.parametrize("down", [False, True])
def test_a_dispute_without_evidence_is_lost_when_its_time_is_over(operated, down):
    defended, idle = operated.settled(), operated.settled()
    with_evidence = charge_back(operated, defended, evidence_due_at=due(4))
    without = charge_back(operated, idle, evidence_due_at=due(4))
    change = Change(operated.merchant)
    assert act(operated, with_evidence, "evidence", EVIDENCE).json()["status"] == "under_review"
    if down:
        operated.demo.kill_gateway()
        time.sleep(5)
        operated.demo.start("gateway")
        operated.connect()
        change.api = operated.merchant
    wait_until(lambda: dispute(operated, without)["status"] == "lost", 30, "the loss of what nobody defended")
    late = act(operated, without, "evidence", EVIDENCE)
    assert late.status_code == 409 and late.json()["code"] == "dispute_unexpected_state"
    assert dispute(operated, with_evidence)["status"] == "under_review"
    assert change.now() == (0, 0, 0), "it was taken when it was charged back"
    assert operated.report("dispute.lost", idle, psp_reference="dp_1")["effect"] == "none"


def test_a_chargeback_takes_no_more_than_is_left_unless_it_says_so(operated):
    created = operated.settled()
    operated.refund(created, amount=7_000)
    operated.refused("dispute.opened", created, "event_amount_mismatch", psp_reference="dp_1", amount=3_001)
    change = Change(operated.merchant)
    charge_back(operated, created, includes_refunded=True)
    assert change.now() == (0, -11_500, 0)
    operated.refused(
        "dispute.opened", created, "event_amount_mismatch", psp_reference="dp_2", amount=1, includes_refunded=True
    )


def test_what_is_not_disputed_is_refunded_where_the_provider_lets_it(operated):
    created = operated.settled()
    identifier = charge_back(operated, created, amount=6_000, is_charge_refundable=True)
    assert dispute(operated, identifier)["is_charge_refundable"] is True
    assert operated.refund(created, 422, amount=4_001)["code"] == "amount_exceeds_refundable"
    assert operated.refund(created, amount=4_000)["status"] == "succeeded"
    assert operated.refund(created, 409, amount=1)["code"] == "payment_unexpected_state"


def test_a_chargeback_of_what_is_not_settled_leaves_the_merchant_owing(operated):
    with operated.demo.client(2) as poor:
        created = poor.post(
            "/v1/payments", json={"amount": 10_000, "currency": "EUR", "payment_method": "tok_visa"}, headers=key()
        ).json()
        change = Change(poor)
        event = operated.event("dispute.opened", created, psp_reference="dp_1", amount=10_000, fee=20)
        answer = operated.send(event)
        assert answer.status_code == 200 and answer.json()["available_negative"] is True
        operated.reported.append((event, answer.content))
        assert change.now() == (0, -10_020, 0)
        refused = poor.post("/v1/payouts", json={"currency": "EUR", "destination": "ba_main"}, headers=key())
        assert refused.status_code == 422 and refused.json()["code"] == "balance_insufficient"


def test_disputes_need_a_capture_and_a_reference_that_is_known(operated):
    hold = operated.sale(capture=False)
    operated.refused("dispute.opened", hold, "event_not_allowed", psp_reference="dp_1", amount=1)
    operated.refused("dispute.warning", hold, "event_not_allowed", psp_reference="dp_1", amount=1)
    created = operated.settled()
    for kind in ("dispute.won", "dispute.lost", "dispute.under_review", "dispute.warning_closed"):
        answer = operated.send(operated.event(kind, created, psp_reference="dp_unknown"))
        assert answer.status_code == 404, answer.text
    for identifier in ("dsp_" + "0" * 26, "dsp_" + "7" * 26, "dsp_x"):
        assert operated.merchant.get(f"/v1/disputes/{identifier}").status_code == 404


def test_a_payment_has_at_most_sixteen_disputes(operated):
    created = operated.settled()
    for number in range(16):
        charge_back(operated, created, f"dp_{number}", amount=10, fee=0)
    answer = operated.send(operated.event("dispute.opened", created, psp_reference="dp_16", amount=10))
    assert answer.status_code == 422 and answer.json()["code"] == "too_many_disputes"


def test_a_warning_sets_nothing_aside_unless_configured(operated):
    created = operated.settled()
    change = Change(operated.merchant)
    reported = operated.report("dispute.warning", created, psp_reference="rfi_1", amount=6_000)
    assert reported["effect"] == "dispute_warned" and change.now() == (0, 0, 0)
    assert dispute(operated, reported["dispute_id"])["status"] == "warning"
    assert act(operated, reported["dispute_id"], "evidence", EVIDENCE).status_code == 409
    assert charge_back(operated, created, "rfi_1", amount=6_000) == reported["dispute_id"]
    operated.refused("dispute.warning_closed", created, "event_not_allowed", psp_reference="rfi_1")


def test_a_warning_sets_the_amount_aside_until_it_ends(tmp_path):
    demo = Demo(tmp_path)
    try:
        operated = OperatedDemo(demo, RESERVE)
        first, second = operated.settled(), operated.settled()
        change = Change(operated.merchant)
        one = operated.report("dispute.warning", first, psp_reference="rfi_1", amount=6_000)["dispute_id"]
        operated.report("dispute.warning", second, psp_reference="rfi_2", amount=1_000)
        assert change.now() == (0, -7_000, 7_000) and dispute(operated, one)["amount_reserved"] == 6_000
        operated.restart()
        change.api = operated.merchant
        assert change.now() == (0, -7_000, 7_000)
        charge_back(operated, first, "rfi_1", amount=6_000, fee=5)
        assert change.now() == (0, -7_005, 1_000) and dispute(operated, one)["amount_reserved"] == 0
        assert operated.report("dispute.warning_closed", second, psp_reference="rfi_2")["effect"] == "dispute_warning_closed"
        assert change.now() == (0, -6_005, 0)
        assert booked(operated.end(), "liabilities:merchant:reserve") == 0
    finally:
        demo.stop()


def test_afterwards_the_books_are_sound_and_every_answer_is_the_same(operated):
    assert len(operated.reported) > 50
    operated.end()
