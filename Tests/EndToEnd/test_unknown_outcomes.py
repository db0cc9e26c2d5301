"""Answers that never come: the payment is 202 `processing`, is resolved by asking the PSP, and is charged once."""

import pytest
from gateway import key, payment, wait_until


@pytest.mark.parametrize(
    "token,final",
    [
        ("tok_execute_then_drop", "captured"),
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
    executed = [line["executions"] for line in demo.oracle(first.json()["id"])]
    assert executed == ([1, 1] if final == "captured" else [])


def test_a_psp_that_only_ever_answers_500_never_makes_a_charge(demo, api):
    """Nothing was executed, but a 500 does not say so: asked and replayed under the same PSP key, and never given up."""
    header = key()
    body = payment(payment_method="tok_500_without_execution")
    first = api.post("/v1/payments", json=body, headers=header)
    assert first.status_code == 202 and first.json()["status"] == "processing"
    assert demo.oracle(first.json()["id"]) == []
    assert api.post("/v1/payments", json=body, headers=header).status_code == 202


def test_certainly_not_executed_is_502_and_no_charge(demo, api):
    answer = api.post("/v1/payments", json=payment(payment_method="tok_503_not_executed"), headers=key())
    assert answer.status_code == 502
    assert answer.json()["payment"]["status"] == "failed"
    assert demo.oracle(answer.json()["payment"]["id"]) == []


def test_a_dead_psp_is_502_and_recovers(own_demo):
    import os
    import signal

    from gateway import alive

    os.kill(own_demo.psp_pid, signal.SIGKILL)
    wait_until(lambda: not alive(own_demo.psp_pid), 10, "the simulator's end")
    own_demo.processes.pop("psp").wait(timeout=20)
    with own_demo.client() as api:
        answer = api.post("/v1/payments", json=payment(), headers=key())
        assert answer.status_code in (202, 502), answer.text
        own_demo.start("psp")
        wait_until(
            lambda: api.post("/v1/payments", json=payment(), headers=key()).status_code == 201, 30, "the PSP's return"
        )
    assert own_demo.trial_balance()["balanced"]
