"""One key, one effect: at once, afterwards, after a restart."""

import asyncio
import ssl
import uuid

import httpx
import pytest
from gateway import key, payment


async def post_at_once(demo, count, body, idempotency_key, connections=4):
    context = ssl.create_default_context(cafile=demo.ca_cert)
    headers = {"authorization": f"Bearer {demo.api_keys[0]}", "idempotency-key": idempotency_key}
    clients = [
        httpx.AsyncClient(http2=True, verify=context, base_url=demo.base_url, headers=headers, timeout=30)
        for _ in range(connections)
    ]
    try:
        posts = [clients[i % connections].post("/v1/payments", json=body) for i in range(count)]
        return await asyncio.gather(*posts)
    finally:
        for client in clients:
            await client.aclose()


def test_one_key_a_hundred_times_at_once_makes_one_charge(demo):
    text = str(uuid.uuid4())
    answers = asyncio.run(post_at_once(demo, 100, payment(reference=text), text))
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert done and len({answer.content for answer in done}) == 1
    assert all(a.json()["code"] == "idempotency_key_in_use" for a in answers if a.status_code == 409)
    assert all(a.headers["retry-after"] == "1" for a in answers if a.status_code == 409)
    lines = demo.oracle(done[0].json()["id"])
    assert all(line["executions"] == 1 and len(line["keys"]) == 1 for line in lines) and len(lines) == 2


def test_a_slow_first_request_answers_409_to_the_second(demo):
    text = str(uuid.uuid4())
    body = payment(payment_method="tok_slow_5s")
    answers = asyncio.run(post_at_once(demo, 2, body, text, connections=2))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_another_body_or_route_under_the_same_key_is_422(api):
    header = key()
    created = api.post("/v1/payments", json=payment(capture=False), headers=header).json()
    other = api.post("/v1/payments", json=payment(capture=False, amount=2000), headers=header)
    assert other.status_code == 422 and other.json()["code"] == "idempotency_key_reused"
    route = api.post(f"/v1/payments/{created['id']}/capture", headers=header)
    assert route.status_code == 422


def test_the_same_request_written_otherwise_is_the_same_request(api):
    header = {**key(), "content-type": "application/json"}
    one = api.post("/v1/payments", content=b'{"amount":5,"currency":"EUR","payment_method":"tok_visa"}', headers=header)
    two = api.post(
        "/v1/payments",
        content=b' { "payment_method" : "tok_\\u0076isa", "currency":"EUR",\n"amount":5 } ',
        headers=header,
    )
    assert one.status_code == two.status_code == 201
    assert two.headers["idempotent-replayed"] == "true" and two.content == one.content
    assert two.headers["request-id"] != one.headers["request-id"]


@pytest.mark.parametrize("form", ['"{}"', "{}"])
def test_quoted_and_bare_keys_are_the_same(api, form):
    text = str(uuid.uuid4())
    one = api.post("/v1/payments", json=payment(), headers={"idempotency-key": text})
    two = api.post("/v1/payments", json=payment(), headers={"idempotency-key": form.format(text)})
    assert two.content == one.content and two.headers["idempotent-replayed"] == "true"


def test_aliases_must_agree(api):
    text = str(uuid.uuid4())
    body = payment(idempotency_key=text)
    assert api.post("/v1/payments", json=body).status_code == 201
    assert api.post("/v1/payments", json=body, headers={"x-idempotency-key": text}).status_code == 201
    both = api.post("/v1/payments", json=body, headers={"idempotency-key": "another"})
    assert both.status_code == 400


def test_a_missing_key_is_400(api):
    answer = api.post("/v1/payments", json=payment())
    assert answer.status_code == 400 and answer.json()["code"] == "idempotency_key_missing"


def test_answers_are_the_same_bytes_after_kill_and_restart(own_demo):
    stored = []
    with own_demo.client() as api:
        for changes in ({}, {"payment_method": "tok_decline_lost_card"}, {"capture": False}):
            header = key()
            body = payment(**changes)
            stored.append((header, body, api.post("/v1/payments", json=body, headers=header)))
    own_demo.kill_gateway()
    own_demo.start("gateway")
    with own_demo.client() as api:
        for header, body, first in stored:
            again = api.post("/v1/payments", json=body, headers=header)
            assert again.status_code == first.status_code and again.content == first.content
            assert again.headers["idempotent-replayed"] == "true"
            body = dict(body, amount=1)
            assert api.post("/v1/payments", json=body, headers=header).status_code == 422
