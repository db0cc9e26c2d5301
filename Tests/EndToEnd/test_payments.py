"""The life of a payment, as a merchant's engineer sees it."""

import httpx
import pytest
from gateway import key, payment, unique


def test_a_sale_is_captured_once(demo, api):
    answer = api.post("/v1/payments", json=payment(), headers=key())
    assert answer.http_version == "HTTP/2"
    assert answer.status_code == 201
    assert answer.headers["request-id"].startswith("req_")
    body = answer.json()
    assert body["status"] == "captured" and body["amount_captured"] == 1999 and body["amount_capturable"] == 0
    assert body["metadata"] == {"basket": "b-17"} and body["reference"] == "order-4711"
    assert api.get(f"/v1/payments/{body['id']}").json() == body
    lines = demo.oracle(body["id"])
    assert {line["operation"]: line["executions"] for line in lines} == {"authorize": 1, "capture": 1}
    assert all(line["amount"] == 1999 and line["currency"] == "EUR" for line in lines)


def test_authorize_then_capture_a_part_then_refund_twice(demo, api):
    created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
    assert created["status"] == "authorized" and created["amount_capturable"] == 1999
    path = f"/v1/payments/{created['id']}"
    captured = api.post(f"{path}/capture", json={"amount": 1500}, headers=key())
    assert captured.status_code == 200
    assert captured.json()["amount_captured"] == 1500 and captured.json()["amount_capturable"] == 0
    first = api.post(f"{path}/refunds", json={"amount": 500}, headers=key())
    assert first.status_code == 201 and first.json()["status"] == "succeeded" and first.json()["payment_id"] == created["id"]
    assert api.get(path).json()["status"] == "partially_refunded"
    rest = api.post(f"{path}/refunds", headers=key())
    assert rest.status_code == 201 and rest.json()["amount"] == 1000
    final = api.get(path).json()
    assert final["status"] == "refunded" and final["amount_refunded"] == 1500
    assert api.get(f"/v1/refunds/{rest.json()['id']}").json() == rest.json()
    refused = api.post(f"{path}/refunds", json={"amount": 1}, headers=key())
    assert refused.status_code == 409
    moved = {(line["operation"], line["amount"]): line["executions"] for line in demo.oracle(created["id"])}
    assert moved == {("authorize", 1999): 1, ("capture", 1500): 1, ("refund", 500): 1, ("refund", 1000): 1}


def test_cancel_releases_the_hold(api):
    created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    assert api.post(f"{path}/cancel", headers=key()).json()["status"] == "cancelled"
    again = api.post(f"{path}/capture", headers=key())
    assert again.status_code == 409 and again.json()["code"] == "payment_unexpected_state"
    assert again.json()["payment"]["status"] == "cancelled"


def test_a_decline_is_402_with_the_payment_inside(api):
    answer = api.post("/v1/payments", json=payment(payment_method="tok_decline_insufficient_funds"), headers=key())
    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["decline"]["standard_code"] == "insufficient_funds" and body["payment"]["status"] == "failed"
    assert body["request_id"] == answer.headers["request-id"]
    assert api.get(f"/v1/payments/{body['payment']['id']}").json()["status"] == "failed"


def test_amounts_beyond_the_state_are_refused(api):
    created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    more = api.post(f"{path}/capture", json={"amount": 2000}, headers=key())
    assert more.status_code == 422 and more.json()["code"] == "amount_exceeds_capturable"
    assert api.post(f"{path}/refunds", json={"amount": 1}, headers=key()).status_code == 409


def test_what_is_another_merchants_does_not_exist(demo, api):
    created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
    sale = api.post("/v1/payments", json=payment(), headers=key()).json()
    refund = api.post(f"/v1/payments/{sale['id']}/refunds", json={"amount": 1}, headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    before = [api.get(path).json(), api.get(f"/v1/payments/{sale['id']}").json(), demo.oracle()]
    with demo.client(merchant=1) as other:
        answers = [
            other.get(path),
            other.get(f"/v1/refunds/{refund['id']}"),
            other.post(f"{path}/capture", headers=key()),
            other.post(f"{path}/cancel", headers=key()),
            other.post(f"/v1/payments/{sale['id']}/refunds", headers=key()),
        ]
        unknown = other.get("/v1/payments/pay_00000000000000000000000001")
    for answer in answers:
        assert answer.status_code == 404 and answer.json()["code"] == "resource_not_found"
        # Word for word what is said of a payment that never was.
        assert {**answer.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    assert [api.get(path).json(), api.get(f"/v1/payments/{sale['id']}").json(), demo.oracle()] == before


@pytest.mark.parametrize("currency,amount", [("JPY", 1999), ("KWD", 1999), ("usd", 1)])
def test_currencies_keep_their_minor_units(demo, api, currency, amount):
    created = api.post("/v1/payments", json=payment(currency=currency, amount=amount), headers=key())
    assert created.status_code == 201
    assert created.json()["currency"] == currency.upper()
    assert {line["amount"] for line in demo.oracle(created.json()["id"])} == {amount}


def test_the_ledger_sums_to_zero(demo, api):
    api.post("/v1/payments", json=payment(), headers=key())
    balance = demo.trial_balance()
    assert balance["balanced"] is True
    assert balance["currencies"] and all(line["balance"] == "0" for line in balance["currencies"])


def test_captures_that_are_not_final_leave_the_rest_open(demo, api):
    created = api.post("/v1/payments", json=payment(capture=False, amount=1000), headers=key()).json()
    url = f"/v1/payments/{created['id']}"
    first = api.post(f"{url}/capture", json={"amount": 300, "final": False}, headers=key()).json()
    assert (first["status"], first["amount_captured"], first["amount_capturable"]) == ("partially_captured", 300, 700)
    assert api.post(f"{url}/refunds", json={"amount": 1}, headers=key()).status_code == 409
    second = api.post(f"{url}/capture", json={"amount": 200, "final": False}, headers=key()).json()
    assert (second["status"], second["amount_captured"], second["amount_capturable"]) == ("partially_captured", 500, 500)
    cancelled = api.post(f"{url}/cancel", json={}, headers=key()).json()
    assert (cancelled["status"], cancelled["amount_captured"], cancelled["amount_capturable"]) == ("captured", 500, 0)
    assert api.post(f"{url}/refunds", json={}, headers=key()).json()["amount"] == 500
    lines = demo.oracle(created["id"])
    executed = {
        operation: sum(line["amount"] for line in lines if line["operation"] == operation)
        for operation in ("authorize", "capture", "cancel", "refund")
    }
    assert executed == {"authorize": 1000, "capture": 500, "cancel": 500, "refund": 500}


def test_a_timeline_tells_everything_in_order(api):
    created = api.post("/v1/payments", json=payment(capture=False, amount=1000), headers=key())
    url = f"/v1/payments/{created.json()['id']}"
    captured = api.post(f"{url}/capture", json={"amount": 600}, headers=key())
    refused = api.post(f"{url}/refunds", json={"amount": 601}, headers=key())
    api.post(f"{url}/refunds", json={"amount": 100}, headers=key())
    assert refused.status_code == 422
    timeline = api.get(f"{url}/timeline").json()
    entries = timeline["entries"]
    assert [(entry["type"], entry.get("operation"), entry["status"]) for entry in entries] == [
        ("payment.created", None, "processing"),
        ("operation.finished", "authorize", "authorized"),
        ("operation.requested", "capture", "processing"),
        ("operation.finished", "capture", "captured"),
        ("operation.requested", "refund", "captured"),
        ("operation.finished", "refund", "partially_refunded"),
    ]
    assert entries[0]["request_id"] == created.headers["request-id"] and entries[2]["request_id"] == captured.headers["request-id"]
    assert timeline["truncated"] is False and [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert [[transfer["posting_rule"] for transfer in entry.get("transfers", [])] for entry in entries] == [
        [], ["hold"], [], ["release", "capture"], ["refund_requested"], ["refund_confirmed"],
    ]  # fmt: skip
    for entry in entries:
        for transfer in entry.get("transfers", []):
            assert sum(posting["amount"] for posting in transfer["postings"]) == 0


def test_a_timeline_shows_a_decline_and_what_was_asked_meanwhile(api):
    declined = api.post("/v1/payments", json=payment(payment_method="tok_decline_insufficient_funds"), headers=key()).json()
    entries = api.get(f"/v1/payments/{declined['payment_id']}/timeline").json()["entries"]
    assert entries[-1]["result"] == "declined" and entries[-1]["decline"] == declined["decline"]
    assert api.get(f"/v1/payments/{declined['payment_id'][:-1]}0/timeline").status_code in (200, 404)


def test_others_have_no_timeline(demo, api):
    created = api.post("/v1/payments", json=payment(), headers=key()).json()
    with demo.client(1) as other:
        assert other.get(f"/v1/payments/{created['id']}/timeline").status_code == 404


def test_operators_see_health_and_metrics(demo, api):
    # What the metrics count: the test stands by itself.
    assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    assert httpx.get(f"{demo.admin_url}/healthz").status_code == 200
    assert httpx.get(f"{demo.admin_url}/readyz").status_code == 200
    metrics = demo.metrics()
    assert metrics["millrace_requests_total"] > 0 and metrics["millrace_journal_flushes_total"] > 0


def test_the_design_documents_request_works_as_printed(api):
    name = unique()
    body = {"amount": 4999, "currency": "USD", "payment_method_id": "tok_visa", "idempotency_key": name}
    printed = api.post("/api/v1/payments", json=body, headers={"X-Idempotency-Key": name})
    assert printed.status_code == 201 and printed.json()["payment_id"] == printed.json()["id"]
    again = api.post("/v1/payments", json=body)
    assert again.content == printed.content and again.headers["idempotent-replayed"] == "true"
    conflict = api.post("/api/v1/payments", json=body, headers={"X-Idempotency-Key": unique()})
    assert conflict.status_code == 400 and conflict.json()["code"] == "idempotency_key_conflict"
    assert api.get(f"/api/v1/payments/{printed.json()['payment_id']}").json() == printed.json()


@pytest.mark.parametrize("token", ["tok_decline_nonsense", "tok_viza", "tok_late_0s"])
def test_a_token_that_the_provider_does_not_know_is_declined_for_good(api, token):
    declined = api.post("/v1/payments", json=payment(payment_method=token), headers=key())
    problem = declined.json()
    assert declined.status_code == 402 and problem["retryable"] is False
    assert problem["decline"] == {"class": "fix_data", "standard_code": "invalid_payment_method", "psp_code": "unknown_token"}
