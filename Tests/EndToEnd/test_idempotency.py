"""One key, one effect: at once, afterwards, after a restart."""

import asyncio
import ssl
import uuid
from concurrent.futures import ThreadPoolExecutor

import contract
import httpx
import pytest
from gateway import key, payment, wait_until


async def post_at_once(demo, count, body, idempotency_key=None, connections=4, path="/v1/payments"):
    """`count` requests at once over some connections; with a key of its own each unless one is given."""
    context = ssl.create_default_context(cafile=demo.ca_cert)
    headers = {"authorization": f"Bearer {demo.api_keys[0]}"}
    clients = [
        httpx.AsyncClient(
            http2=True, verify=context, base_url=demo.base_url, headers=headers, timeout=30,
            event_hooks={"response": [contract.check_soon]},
        )  # fmt: skip
        for _ in range(connections)
    ]
    try:
        keys = [{"idempotency-key": idempotency_key or str(uuid.uuid4())} for _ in range(count)]
        posts = [clients[i % connections].post(path, json=body, headers=keys[i]) for i in range(count)]
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


def test_one_key_at_once_makes_one_refund(demo, api):
    created = api.post("/v1/payments", json=payment(), headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    answers = asyncio.run(post_at_once(demo, 40, {"amount": 100}, str(uuid.uuid4()), path=f"{path}/refunds"))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert api.get(path).json()["amount_refunded"] == 100
    refunds = [line for line in demo.oracle(created["id"]) if line["operation"] == "refund"]
    assert [(line["amount"], line["executions"]) for line in refunds] == [(100, 1)]


def test_captures_at_once_under_different_keys_make_one_capture(demo, api):
    created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    answers = asyncio.run(post_at_once(demo, 20, {"amount": 1000}, path=f"{path}/capture"))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"operation_in_progress", "payment_unexpected_state"}
    captures = [line for line in demo.oracle(created["id"]) if line["operation"] == "capture"]
    assert [(line["amount"], line["executions"]) for line in captures] == [(1000, 1)]


def test_refunds_at_once_take_back_no_more_than_was_captured(demo, api):
    created = api.post("/v1/payments", json=payment(amount=1000), headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    answers = asyncio.run(post_at_once(demo, 20, {"amount": 300}, path=f"{path}/refunds"))
    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    refunded = api.get(path).json()["amount_refunded"]
    moved = [line["amount"] for line in demo.oracle(created["id"]) if line["operation"] == "refund"]
    assert sum(moved) == refunded == 300 * sum(answer.status_code == 201 for answer in answers) and refunded <= 900


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


def test_two_merchants_may_use_the_same_key(demo, api):
    header = key()
    one = api.post("/v1/payments", json=payment(), headers=header)
    with demo.client(merchant=1) as other:
        two = other.post("/v1/payments", json=payment(amount=2), headers=header)
    assert one.status_code == two.status_code == 201 and one.json()["id"] != two.json()["id"]


ROUTES = ["", "/{id}/capture", "/{id}/cancel", "/{id}/refunds"]


@pytest.mark.parametrize("route", ROUTES)
def test_a_missing_key_is_400(api, route):
    created = api.post("/v1/payments", json=payment(), headers=key()).json()
    answer = api.post(f"/v1/payments{route}".format(id=created["id"]), json={} if route else payment())
    assert answer.status_code == 400 and answer.json()["code"] == "idempotency_key_missing"


def post_everything(api):
    """One of each answer that is kept: (path, body, headers, answer)."""
    stored = []

    def post(path, body):
        header = key()
        answer = api.post(path, json=body, headers=header)
        stored.append((path, body, header, answer))
        return answer

    sale = post("/v1/payments", payment()).json()["id"]
    post("/v1/payments", payment(payment_method="tok_decline_lost_card"))
    post("/v1/payments", payment(payment_method="tok_503_not_executed"))
    holds = [post("/v1/payments", payment(capture=False)).json()["id"] for _ in range(2)]
    post(f"/v1/payments/{holds[0]}/capture", {"amount": 1500})
    post(f"/v1/payments/{holds[1]}/cancel", {})
    post(f"/v1/payments/{sale}/refunds", {"amount": 300})
    post(f"/v1/payments/{sale}/refunds", {})
    assert [answer.status_code for _, _, _, answer in stored] == [201, 402, 502, 201, 201, 200, 200, 201, 201]
    return stored


def test_answers_are_the_same_bytes_after_kill_and_restart(own_demo):
    with own_demo.client() as api:
        stored = post_everything(api)
    before = own_demo.oracle()
    own_demo.kill_gateway()
    own_demo.start("gateway")
    with own_demo.client() as api:
        for path, body, header, first in stored:
            again = api.post(path, json=body, headers=header)
            assert again.status_code == first.status_code and again.content == first.content
            assert again.headers["content-type"] == first.headers["content-type"]
            assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
            changed = {"reason": "fraudulent"} if path.endswith("cancel") else dict(body, amount=1)
            other = api.post(path, json=changed, headers=header)
            assert other.status_code == 422 and other.json()["code"] == "idempotency_key_reused"
    assert own_demo.oracle() == before


def test_a_key_in_flight_when_the_gateway_is_killed_is_charged_once(own_demo):
    """The provider has executed and not yet answered: the next life finds that out, under the same key."""
    own_demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 8000}})
    header, body = key(), payment()
    with ThreadPoolExecutor(1) as pool, own_demo.client() as client:
        lost = pool.submit(client.post, "/v1/payments", json=body, headers=header)
        wait_until(own_demo.oracle, 30, "the execution at the provider")
        own_demo.kill_gateway()
        assert isinstance(lost.exception(30), httpx.TransportError)
    own_demo.profile({"preset": "clean"})
    own_demo.start("gateway")
    with own_demo.client() as api:

        def final():
            answer = api.post("/v1/payments", json=body, headers=header)
            assert answer.status_code in (201, 202), answer.text
            return answer.status_code == 201 and answer

        answer = wait_until(final, 60, "the payment's outcome")
        assert answer.json()["status"] == "captured"
        assert api.post("/v1/payments", json=body, headers=header).content == answer.content
    lines = own_demo.oracle()
    assert {line["operation"]: (line["reference"], line["executions"]) for line in lines} == {
        "authorize": (answer.json()["id"], 1),
        "capture": (answer.json()["id"], 1),
    }
    assert own_demo.trial_balance()["balanced"]
