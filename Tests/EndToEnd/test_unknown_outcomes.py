"""Answers that never come: the payment is 202 `processing`, is resolved by asking the PSP, and is charged once."""

import os
import signal

import pytest
from gateway import alive, key, payment, wait_until

CHARGED = {"authorize": 1, "capture": 1}


def executions(demo, identifier):
    return {line["operation"]: line["executions"] for line in demo.oracle(identifier)}


@pytest.mark.parametrize(
    "token,final",
    [
        ("tok_execute_then_drop", "captured"),
        ("tok_execute_then_reset", "captured"),
        ("tok_execute_then_close", "captured"),
        ("tok_execute_then_500", "captured"),
        ("tok_malformed_json", "captured"),
        ("tok_pending_succeeds", "captured"),
        ("tok_pending_fails", "failed"),
    ],
)
def test_an_unknown_outcome_is_resolved(demo, api, token, final):
    header = key()
    first = api.post("/v1/payments", json=payment(payment_method=token), headers=header)
    assert first.status_code == 202, first.text
    assert first.json()["status"] == "processing"
    path = f"/v1/payments/{first.json()['id']}"
    wait_until(lambda: api.get(path).json()["status"] == final, 60, f"{token} to be {final}")
    again = api.post("/v1/payments", json=payment(payment_method=token), headers=header)
    assert again.status_code == (201 if final == "captured" else 402)
    assert executions(demo, first.json()["id"]) == (CHARGED if final == "captured" else {})


def test_an_answer_that_never_comes_is_processing_and_resolved(demo, api):
    """The deadline of the call (10 s) ends the wait, not the payment."""
    header, body = key(), payment(payment_method="tok_execute_then_silence")
    first = api.post("/v1/payments", json=body, headers=header)
    assert first.status_code == 202 and first.json()["status"] == "processing"
    path = f"/v1/payments/{first.json()['id']}"
    wait_until(lambda: api.get(path).json()["status"] == "captured", 60, "the outcome")
    assert api.post("/v1/payments", json=body, headers=header).status_code == 201
    assert executions(demo, first.json()["id"]) == CHARGED


@pytest.mark.parametrize(
    "token,operation,answers,status,moved",
    [
        ("tok_capture_pending", "capture", [202, 200], "captured", {"capture": 1}),
        ("tok_capture_execute_then_drop", "capture", [202, 200], "captured", {"capture": 1}),
        ("tok_capture_fails", "capture", [402, 402], "authorized", {}),
        ("tok_cancel_fails", "cancel", [402, 402], "authorized", {}),
        ("tok_refund_pending", "refunds", [202, 201], "refunded", {"capture": 1, "refund": 1}),
        ("tok_refund_execute_then_drop", "refunds", [202, 201], "refunded", {"capture": 1, "refund": 1}),
        ("tok_refund_pending_fails", "refunds", [202, 402], "captured", {"capture": 1}),
        ("tok_refund_fails", "refunds", [402, 402], "captured", {"capture": 1}),
    ],
)
def test_an_operation_without_a_quick_answer_is_resolved(demo, api, token, operation, answers, status, moved):
    created = api.post("/v1/payments", json=payment(payment_method=token, capture=operation == "refunds"), headers=key()).json()
    path, header = f"/v1/payments/{created['id']}", key()
    assert api.post(f"{path}/{operation}", headers=header).status_code == answers[0]

    def final():
        answer = api.post(f"{path}/{operation}", headers=header)
        return answer.status_code != 202 and answer

    assert wait_until(final, 60, "the outcome").status_code == answers[1]
    after = api.get(path).json()
    assert after["status"] == status and after["amount_refund_pending"] == 0
    assert executions(demo, created["id"]) == {"authorize": 1, **moved}


def test_a_psp_that_only_ever_answers_500_never_makes_a_charge(demo, api):
    """Nothing was executed, but a 500 does not say so: the provider is asked, and sent the same under the same key.

    It ends as not executed once nothing can be on its way any more, minutes later: the unit tests of the shard
    (UnknownOutcomeTests) turn their own clock for that.
    """
    header = key()
    body = payment(payment_method="tok_500_without_execution")
    calls = demo.metrics()["millrace_provider_calls_total"]
    first = api.post("/v1/payments", json=body, headers=header)
    assert first.status_code == 202 and first.json()["status"] == "processing"
    wait_until(lambda: demo.metrics()["millrace_provider_calls_total"] >= calls + 3, 60, "a question and a replay")
    again = api.post("/v1/payments", json=body, headers=header)
    assert (again.status_code, again.json()["status"]) in ((202, "processing"), (502, 502))
    assert executions(demo, first.json()["id"]) == {}


@pytest.mark.parametrize("token", ["tok_503_not_executed", "tok_429"])
def test_certainly_not_executed_is_502_and_no_charge(demo, api, token):
    answer = api.post("/v1/payments", json=payment(payment_method=token), headers=key())
    assert answer.status_code == 502 and answer.json()["code"] == "payment_not_executed"
    assert answer.json()["payment"]["status"] == "failed"
    assert demo.oracle(answer.json()["payment"]["id"]) == []


@pytest.mark.parametrize("token", ["tok_wrong_amount", "tok_wrong_currency"])
def test_another_sum_at_the_psp_is_a_conflict_for_people(api, token):
    header, body = key(), payment(payment_method=token)
    answer = api.post("/v1/payments", json=body, headers=header)
    assert answer.status_code == 202 and answer.json()["status"] == "conflicted"
    assert "retry-after" not in answer.headers, "an operator ends it, and no time does"
    again = api.post("/v1/payments", json=body, headers=header)
    assert again.status_code == 202 and again.content == answer.content


def test_a_dead_psp_is_502_and_recovers(own_demo):
    os.kill(own_demo.psp_pid, signal.SIGKILL)
    wait_until(lambda: not alive(own_demo.psp_pid), 30, "the simulator's end")
    own_demo.processes.pop("psp").wait(timeout=60)
    with own_demo.client() as api:
        answer = api.post("/v1/payments", json=payment(), headers=key())
        assert answer.status_code in (202, 502), answer.text
        own_demo.start("psp")
        wait_until(
            lambda: api.post("/v1/payments", json=payment(), headers=key()).status_code == 201, 30, "the PSP's return"
        )
    assert own_demo.trial_balance()["balanced"]


def test_who_does_not_want_to_wait_is_told_so_at_once(demo, api):
    header, body = key() | {"prefer": "respond-async"}, payment(payment_method="tok_slow_5s")
    first = api.post("/v1/payments", json=body, headers=header)
    assert first.status_code == 202 and first.json()["status"] == "processing"
    path = f"/v1/payments/{first.json()['id']}"
    assert api.get(path).json()["status"] == "processing"
    again = api.post("/v1/payments", json=body, headers=header)
    assert again.status_code == 202 and again.json()["id"] == first.json()["id"]
    wait_until(lambda: api.get(path).json()["status"] == "captured", 60, "the outcome")
    assert api.post("/v1/payments", json=body, headers=header).status_code == 201
    refund = api.post(f"{path}/refunds", json={}, headers=key() | {"prefer": "respond-async"})
    assert refund.status_code == 202 and refund.json()["status"] == "pending"
    wait_until(lambda: api.get(path).json()["status"] == "refunded", 60, "the refund")
    assert executions(demo, first.json()["id"]) == CHARGED | {"refund": 1}
