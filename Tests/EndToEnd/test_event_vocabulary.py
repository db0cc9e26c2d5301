"""Events that end increments, cancels, later captures, refunds by the provider's name, and conflicts, each with kill -9 around it.

The provider executes what it is told and answers nobody in time. So each outcome is unknown, and the event alone ends the operation.
The simulator's oracle is the witness that nothing was executed twice."""

from contextlib import contextmanager

import pytest
from events import Change, OperatedDemo, at_provider, booked, moved
from gateway import Demo, key, wait_until

CLEAN = {"preset": "clean"}
# Answers of calls and of questions leave after a minute; the gateway waits for a second.
SILENT = {"preset": "clean", "latency": {"kind": "fixed", "ms": 60_000}}


@pytest.fixture(scope="module")
def operated(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("vocabulary"))
    try:
        yield OperatedDemo(demo)
    finally:
        demo.stop()


@contextmanager
def silence(operated):
    operated.demo.profile(SILENT)
    try:
        yield
    finally:
        operated.demo.profile(CLEAN)


def charge(operated, created):
    return at_provider(operated, "/v1/charges", reference=created["id"])["data"][0]["id"]


def becomes(operated, created, status):
    wait_until(lambda: operated.read(created)["status"] == status, 60, f"{created['id']} to be {status}")
    return operated.read(created)


def apply(operated, event):
    """An event that is taken: at once, or when no call about the operation is under way any more."""

    def taken():
        answer = operated.send(event)
        if answer.status_code == 409 and answer.json()["code"] == "operation_in_progress":
            return None
        assert answer.status_code == 200, f"{event}: {answer.text}"
        return answer

    return wait_until(taken, 60, f"{event} to be taken")


def ends(operated, kind, created, operation, **changes):
    """A kill, the event, a kill: the event has ended the operation, once, and says the same again."""
    operated.restart()
    assert operation is None or operated.read(created)["status"] == "processing"
    event = operated.event(kind, created, **changes)
    answer = apply(operated, event)
    assert (answer.json()["ended_operation"], answer.json()["effect"]) == (operation, "none")
    operated.reported.append((event, answer.content))
    before, books = operated.read(created), operated.demo.trial_balance()
    operated.restart()
    assert operated.read(created) == before and operated.demo.trial_balance() == books
    again = operated.send(event)
    assert again.content == answer.content and again.headers["idempotent-replayed"] == "true"
    # The same news under another identifier changes nothing.
    known = apply(operated, event | {"id": event["id"][::-1]})
    assert (known.json()["ended_operation"], known.json()["effect"]) == (None, "none")
    assert operated.read(created) == before and operated.demo.trial_balance() == books
    return before


# Increments


def test_an_increment_that_nobody_answered_is_ended_by_the_event(operated):
    created = operated.sale(capture=False)
    with silence(operated):
        assert operated.post(f"/v1/payments/{created['id']}/increment", 202, amount=15_000)["status"] == "processing"
        after = ends(operated, "increment.succeeded", created, "increment", amount=15_000)
    assert (after["status"], after["amount"], after["amount_authorized"]) == ("authorized", 15_000, 15_000)
    assert operated.post(f"/v1/payments/{created['id']}/capture")["amount_captured"] == 15_000
    assert moved(operated, created) == [("authorize", 10_000), ("capture", 15_000), ("increment", 15_000)]


def test_an_increment_that_the_provider_refused_is_ended_by_the_event(operated):
    created = operated.sale("tok_increment_fails", capture=False)
    with silence(operated):
        operated.post(f"/v1/payments/{created['id']}/increment", 202, amount=15_000)
        after = ends(operated, "increment.failed", created, "increment", reason="limit")
    assert (after["status"], after["amount_authorized"], after["amount_capturable"]) == ("authorized", 10_000, 10_000)
    assert operated.post(f"/v1/payments/{created['id']}/capture")["amount_captured"] == 10_000
    assert moved(operated, created) == [("authorize", 10_000), ("capture", 10_000)]


# Cancels


def test_a_cancel_that_the_provider_refused_leaves_the_hold(operated):
    created = operated.sale("tok_cancel_fails", capture=False)
    with silence(operated):
        operated.post(f"/v1/payments/{created['id']}/cancel", 202)
        after = ends(operated, "cancel.failed", created, "cancel", reason="too late")
    assert (after["status"], after["amount_capturable"]) == ("authorized", 10_000)
    assert operated.post(f"/v1/payments/{created['id']}/capture")["amount_captured"] == 10_000
    assert moved(operated, created) == [("authorize", 10_000), ("capture", 10_000)]


# Captures


def test_a_later_capture_is_ended_by_the_event_that_names_its_number(operated):
    change = Change(operated.merchant)
    created = operated.sale(capture=False)
    reference = charge(operated, created)
    operated.post(f"/v1/payments/{created['id']}/capture", amount=4_000, final=False)
    with silence(operated):
        operated.post(f"/v1/payments/{created['id']}/capture", 202, amount=3_000, final=False)
        operated.restart()
        # Without the number nobody can say which capture is meant; one that ended is known; one that never began is refused.
        unnamed = operated.event("capture.succeeded", created, amount=3_000, psp_reference=reference)
        assert operated.send(unnamed).json()["code"] == "operation_in_progress"
        first = apply(operated, operated.event("capture.succeeded", created, amount=4_000, psp_reference=reference, capture_number=1))
        assert (first.json()["ended_operation"], first.json()["effect"]) == (None, "none")
        third = operated.send(operated.event("capture.succeeded", created, amount=3_000, psp_reference=reference, capture_number=3))
        assert third.status_code == 409 and third.json()["code"] == "event_not_allowed"
        after = ends(operated, "capture.succeeded", created, "capture", amount=3_000, psp_reference=reference, capture_number=2)
    assert (after["status"], after["amount_captured"], after["amount_capturable"]) == ("partially_captured", 7_000, 3_000)
    assert operated.post(f"/v1/payments/{created['id']}/capture")["amount_captured"] == 10_000
    assert moved(operated, created) == [("authorize", 10_000), ("capture", 3_000), ("capture", 3_000), ("capture", 4_000)]
    change.api = operated.merchant
    assert sum(change.now()) == 9_950


# Refunds


def test_a_refund_is_named_as_the_provider_names_it(operated):
    change = Change(operated.merchant)
    created = operated.sale("tok_refund_pending")
    refund = operated.refund(created, 202, amount=2_500)
    # Before the provider is asked what became of it.
    operated.demo.kill_gateway()
    reference = at_provider(operated, "/v1/operations", key=f"{created['id']}-refund-1-1")["id"]
    with silence(operated):
        operated.demo.start("gateway")
        operated.connect()
        unknown = operated.send(operated.event("refund.succeeded", created, psp_reference="re_nobody"))
        assert unknown.status_code == 404 and unknown.json()["code"] == "resource_not_found"
        assert operated.merchant.get(f"/v1/refunds/{refund['id']}").json()["status"] == "pending"
        event = operated.event("refund.succeeded", created, psp_reference=reference)
        answer = apply(operated, event)
        assert (answer.json()["ended_operation"], answer.json()["payment_status"]) == ("refund", "partially_refunded")
        operated.reported.append((event, answer.content))
        operated.restart()
        assert operated.send(event).content == answer.content
        assert operated.merchant.get(f"/v1/refunds/{refund['id']}").json()["status"] == "succeeded"
    wait_until(lambda: ("refund", 2_500) in moved(operated, created), 30, "the refund at the provider")
    change.api = operated.merchant
    assert change.now() == (7_450, 0, 0)
    # It bounces at the shopper's bank, and the gateway is killed behind the news.
    bounced = operated.report("refund.failed", created, psp_reference=reference, reason="account closed")
    assert (bounced["effect"], bounced["amount"]) == ("refund_bounced", 2_500)
    operated.restart()
    change.api = operated.merchant
    assert change.now() == (9_950, 0, 0) and operated.read(created)["amount_refunded"] == 0
    assert moved(operated, created) == [("authorize", 10_000), ("capture", 10_000), ("refund", 2_500)]


# Conflicts


def test_a_conflict_is_resolved_and_the_hold_goes_back_once_through_kills(operated):
    created = operated.sale("tok_wrong_amount", 202, capture=False)
    assert created["status"] == "conflicted"
    assert operated.merchant.post(f"/v1/payments/{created['id']}/capture", json={}, headers=key()).status_code == 409
    operated.restart()
    event = operated.event("conflict.resolved", created)
    missing = operated.send(event)
    assert missing.status_code == 400 and missing.json()["param"] == "reason"
    event["reason"] = "The provider holds one cent too much."
    with silence(operated):
        answer = operated.send(event)
        assert answer.status_code == 200 and answer.json()["effect"] == "conflict_resolved", answer.text
        operated.reported.append((event, answer.content))
        # The void is under way, or about to be.
        operated.restart()
        assert operated.send(event).content == answer.content
    wait_until(lambda: moved(operated, created) == [("authorize", 10_001), ("cancel", 10_001)], 120, "the void")
    after = becomes(operated, created, "failed")
    assert after["amount_captured"] == 0 and after["amount_capturable"] == 0
    operated.restart()
    assert operated.read(created) == after
    assert operated.send(event | {"id": "evt_again"}).json()["effect"] == "none"
    assert moved(operated, created) == [("authorize", 10_001), ("cancel", 10_001)]


def test_a_conflicted_sale_fails_and_its_money_is_explained(operated):
    change = Change(operated.merchant)
    created = operated.sale("tok_wrong_amount", 202)
    operated.restart()
    change.api = operated.merchant
    resolved = operated.report("conflict.resolved", created, reason="The provider took one cent too much.")
    assert (resolved["effect"], resolved["payment_status"]) == ("conflict_resolved", "failed")
    operated.restart()
    assert operated.read(created)["status"] == "failed"
    operated.refused("conflict.resolved", operated.sale(), "event_not_allowed", reason="There is none.")
    change.api = operated.merchant
    before = change.now()
    assert operated.report("money.reclassified", created, amount=10_001, to="merchant:available")["effect"] == "reclassified"
    assert tuple(now - then for now, then in zip(change.now(), before, strict=True)) == (0, 10_001, 0)


def test_afterwards_the_books_are_sound_and_every_answer_is_the_same(operated):
    assert len(operated.reported) == 9
    rows = operated.end()
    assert booked(rows, "liabilities:suspense") == 0
