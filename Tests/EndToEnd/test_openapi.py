"""The OpenAPI document is valid OpenAPI 3.1, its examples are valid by the schemas that they illustrate, and so is what the
gateway answers. (The answers of all other tests are checked, too: see `Demo.client`.)
"""

import httpx
import jsonschema
import pytest
from contract import DOCS, DOCUMENT, check, resolve, validator
from gateway import key, payment
from openapi_spec_validator import validate


def media_types(node, place=""):
    """All (place, media type object) of the document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "content" and isinstance(value, dict):
                for name, media in value.items():
                    yield f"{place}/{name}", media
            elif key != "examples":
                yield from media_types(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from media_types(value, f"{place}/{index}")


def examples():
    for place, media in media_types(DOCUMENT):
        for name, example in media.get("examples", {}).items():
            yield pytest.param(media["schema"], resolve(example)["value"], id=f"{place}:{name}")


def test_the_document_is_valid_openapi():
    validate(DOCUMENT)


@pytest.mark.parametrize("schema, value", list(examples()))
def test_the_example_is_valid_by_its_schema(schema, value):
    validator(schema).validate(value)


def test_there_are_examples():
    assert len(list(examples())) >= 8


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": 1.5},
        {"amount": 100_000_000},
        {"amount": "1250"},
        {"currency": "EURO"},
        {"payment_method": "a b"},
        {"capture": "true"},
        {"description": None},
        {"reference": "x" * 81},
        {"statement_descriptor": "12345"},
        {"statement_descriptor": "ABC*DE"},
        {"metadata": {"k": 1}},
        {"metadata": {"": "v"}},
        {"metadata": {f"k{n}": "v" for n in range(51)}},
        {"amuont": 1},
    ],
)
def test_the_schema_refuses_what_the_gateway_refuses(change):
    body = {"amount": 1250, "currency": "EUR", "payment_method": "pm_1"}
    check = validator(DOCUMENT["components"]["schemas"]["CreatePayment"])
    check.validate(body)
    with pytest.raises(jsonschema.ValidationError):
        check.validate({**body, **change})


def test_real_answers_are_as_documented(demo, api):
    """One of each kind; the client's hook compares them, and what is said here is that they were of those kinds."""
    sale = api.post("/v1/payments", json=payment(), headers=key())
    path = f"/v1/payments/{sale.json()['id']}"
    refund = api.post(f"{path}/refunds", json={"amount": 9, "reason": "requested_by_customer"}, headers=key())
    hold = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()["id"]
    other = api.post("/v1/payments", json={"amount": 1, "currency": "EUR", "payment_method": "x", "capture": False}, headers=key())
    declined = payment(payment_method="tok_decline_expired_card")
    answers = [
        (sale, 201),
        (api.get(path), 200),
        (refund, 201),
        (api.get(f"/v1/refunds/{refund.json()['id']}"), 200),
        (api.post(f"/v1/payments/{hold}/capture", json={"amount": 1}, headers=key()), 200),
        (api.post(f"/v1/payments/{other.json()['id']}/cancel", json={"reason": "abandoned"}, headers=key()), 200),
        (api.post(f"/v1/payments/{hold}/cancel", headers=key()), 409),
        (api.post("/v1/payments", json=declined, headers=key()), 402),
        (api.post("/v1/payments", json=payment(payment_method="tok_503_not_executed"), headers=key()), 502),
        (api.post("/v1/payments", json=payment(payment_method="tok_pending_succeeds"), headers=key()), 202),
        (api.post("/v1/payments", json=payment(amount=0), headers=key()), 400),
        (api.post(f"{path}/refunds", json={"amount": 2000}, headers=key()), 422),
        (api.get("/openapi.yaml"), 200),
    ]
    assert [answer.status_code for answer, _ in answers] == [status for _, status in answers]
    assert api.get("/openapi.yaml").text == (DOCS / "openapi.yaml").read_text()


def test_the_check_of_real_answers_can_fail(api):
    answer = api.post("/v1/payments", json=payment(), headers=key())
    check(answer)
    good = answer.json()
    for change in ({"status": "done"}, {"amount": "1999"}, {"colour": "red"}, {"created_at": "yesterday"}, {"id": "pay_1"}):
        bad = httpx.Response(201, headers=answer.headers, json={**good, **change}, request=answer.request)
        bad.headers["content-type"] = "application/json"
        with pytest.raises(jsonschema.ValidationError):
            check(bad)
    for status, headers in ((200, {}), (201, {"content-type": "text/plain"}), (201, {"request-id": "1"})):
        bad = httpx.Response(status, json=good, request=answer.request)
        bad.headers.update({**answer.headers, **headers})
        with pytest.raises(AssertionError):
            check(bad)
