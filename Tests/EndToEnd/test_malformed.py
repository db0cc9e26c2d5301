"""Whatever a request says: a clear problem with a stable code, nothing executed, nothing kept."""

import gzip
import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from gateway import alive, key, payment, wait_until
from raw import BODY, Raw

JSON = {"content-type": "application/json"}


def changed(**changes):
    """The body of a payment with changes; what JSON cannot say is put in as bytes."""
    return json.dumps({"amount": 5, "currency": "EUR", "payment_method": "tok_visa", **changes}).encode()


def with_amount(text):
    return changed(amount="AMOUNT").replace(b'"AMOUNT"', text)


BODIES = {
    "empty": (b"", "body_missing"),
    "cut off": (b"{", "json_invalid"),
    "no JSON": (b"amount=5&currency=EUR", "json_invalid"),
    "two texts": (BODY + BODY, "json_invalid"),
    "trailing comma": (BODY[:-1] + b",}", "json_invalid"),
    "comment": (b"/* hello */" + BODY, "json_invalid"),
    "single quotes": (BODY.replace(b'"', b"'"), "json_invalid"),
    "byte order mark": (b"\xef\xbb\xbf" + BODY, "json_invalid"),
    "UTF-16": (BODY.decode().encode("utf-16"), "json_invalid"),
    "control character": (changed(description="AB").replace(b"AB", b"A\x01B"), "json_invalid"),
    "invalid UTF-8": (changed(description="AB").replace(b"AB", b"A\xffB"), "json_invalid"),
    "overlong UTF-8": (changed(description="AB").replace(b"AB", b"A\xc0\xafB"), "json_invalid"),
    "surrogate in UTF-8": (changed(description="AB").replace(b"AB", b"A\xed\xa0\x80B"), "json_invalid"),
    "UTF-8 cut off": (changed(description="AB").replace(b"AB", b"A\xe2\x82"), "json_invalid"),
    "lone surrogate": (changed(description="AB").replace(b"AB", b"A\\ud800B"), "json_invalid"),
    "an array": (b"[]", "json_not_object"),
    "a string": (b'"tok_visa"', "json_not_object"),
    "null": (b"null", "json_not_object"),
    "deep objects": (b'{"a":' * 200 + b"1" + b"}" * 200, "json_too_deep"),
    "deep arrays": (b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "json_too_deep"),
    "deep and open": (b"[" * 60_000, "json_too_deep"),
    "twice": (b'{"amount":5,"amount":6,"currency":"EUR","payment_method":"tok_visa"}', "json_duplicate_member"),
    "twice, escaped": (b'{"amount":5,"\\u0061mount":6,"currency":"EUR","payment_method":"tok_visa"}', "json_duplicate_member"),
    "unknown member": (changed(colour="red"), "parameter_unknown"),
    "nothing": (b"{}", "parameter_missing"),
    "no amount": (b'{"currency":"EUR","payment_method":"tok_visa"}', "parameter_missing"),
    "amount a string": (changed(amount="5"), "parameter_type_invalid"),
    "amount null": (changed(amount=None), "parameter_type_invalid"),
    "amount true": (changed(amount=True), "parameter_type_invalid"),
    "amount an array": (changed(amount=[5]), "parameter_type_invalid"),
    "amount 5.0": (with_amount(b"5.0"), "amount_not_integer"),
    "amount 19.99": (with_amount(b"19.99"), "amount_not_integer"),
    "amount 1e2": (with_amount(b"1e2"), "amount_not_integer"),
    "amount -5": (with_amount(b"-5"), "amount_negative"),
    "amount 0": (with_amount(b"0"), "amount_zero"),
    "amount -0": (with_amount(b"-0"), None),
    "amount one too large": (with_amount(b"100000000"), "amount_too_large"),
    "amount 2^63": (with_amount(b"9223372036854775808"), "amount_too_large"),
    "amount 2^64 + 5": (with_amount(b"18446744073709551621"), "amount_too_large"),
    "amount of 400 digits": (with_amount(b"9" * 400), None),
    "amount 1e999": (with_amount(b"1e999"), None),
    "amount 05": (with_amount(b"05"), "json_invalid"),
    "amount NaN": (with_amount(b"NaN"), "json_invalid"),
    "currency unknown": (changed(currency="ABC"), "currency_unknown"),
    "currency without minor units": (changed(currency="XXX"), "currency_unknown"),
    "currency too long": (changed(currency="EURO"), "currency_unknown"),
    "currency empty": (changed(currency=""), "currency_unknown"),
    "currency a number": (changed(currency=978), "parameter_type_invalid"),
    "currency in other letters": (changed(currency="ΕUR"), "currency_unknown"),
    "token empty": (changed(payment_method=""), "parameter_too_short"),
    "token with a blank": (changed(payment_method="tok visa"), "parameter_characters_invalid"),
    "token too long": (changed(payment_method="t" * 129), "parameter_too_long"),
    "capture a string": (changed(capture="true"), "parameter_type_invalid"),
    "description too long": (changed(description="x" * 1001), "parameter_too_long"),
    "reference too long": (changed(reference="x" * 81), "parameter_too_long"),
    "descriptor too short": (changed(statement_descriptor="ABCD"), "parameter_too_short"),
    "descriptor without letters": (changed(statement_descriptor="12345"), "parameter_characters_invalid"),
    "metadata an array": (changed(metadata=[]), "parameter_type_invalid"),
    "metadata of numbers": (changed(metadata={"a": 1}), "parameter_type_invalid"),
    "metadata nested": (changed(metadata={"a": {"b": "c"}}), "parameter_type_invalid"),
    "51 pairs of metadata": (changed(metadata={f"k{n}": "v" for n in range(51)}), "metadata_too_many_pairs"),
    "metadata key empty": (changed(metadata={"": "v"}), "parameter_too_short"),
    "metadata key too long": (changed(metadata={"k" * 41: "v"}), "parameter_too_long"),
    "metadata value too long": (changed(metadata={"k": "v" * 501}), "parameter_too_long"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies_are_400_with_a_stable_code(api, name):
    body, code = BODIES[name]
    answer = api.post("/v1/payments", content=body, headers={**JSON, **key()})
    assert answer.status_code == 400, answer.text
    assert answer.json()["retryable"] is False
    assert answer.json()["code"] == code or code is None, answer.text


def charges_of_five(demo):
    return sum(line["amount"] == 5 and line["operation"] == "capture" for line in demo.oracle())


def test_bad_bodies_harm_no_other_stream_of_their_connection(demo):
    """All of them at once on one connection, a good payment after each."""
    raw, pid = Raw(demo), demo.gateway_pid
    before = charges_of_five(demo)
    for body, _ in BODIES.values():
        bad, good = raw.open(), raw.open()
        for stream, content in ((bad, body), (good, BODY)):
            # No more than the peer's windows hold.
            while content:
                room = min(raw.h2.local_flow_control_window(stream), raw.h2.max_outbound_frame_size)
                if room == 0:
                    raw.read_once()
                    continue
                raw.h2.send_data(stream, content[:room])
                content = content[room:]
            raw.h2.end_stream(stream)
        raw.flush()
        assert (raw.status(bad), raw.status(good)) == (400, 201)
    assert charges_of_five(demo) == before + len(BODIES)
    assert alive(pid)


def test_what_is_refused_is_not_remembered(demo, api):
    """Nothing was executed, so the key is free for the corrected request."""
    header = key()
    assert api.post("/v1/payments", json=payment(amount=-1), headers=header).status_code == 400
    good = api.post("/v1/payments", json=payment(), headers=header)
    assert good.status_code == 201 and "idempotent-replayed" not in good.headers


def test_the_largest_of_everything_is_accepted(api):
    body = payment(
        amount=99_999_999,
        payment_method="t" * 128,
        description="ä" * 1000,
        reference="€" * 80,
        customer="ç" * 255,
        statement_descriptor="A" * 22,
        metadata={f"{n:02}{'k' * 38}": "v" * 500 for n in range(50)},
    )
    created = api.post("/v1/payments", json=body, headers={"idempotency-key": "!" * 200 + "~" * 55})
    assert created.status_code == 201, created.text
    seen = api.get(f"/v1/payments/{created.json()['id']}").json()
    assert {name: seen[name] for name in body} == body


@pytest.mark.parametrize(
    "route,body,code",
    [
        ("capture", b'{"amount":0}', "amount_zero"),
        ("capture", b'{"amount":1.5}', "amount_not_integer"),
        ("capture", b'{"amount":-1}', "amount_negative"),
        ("capture", b'{"amount":"1"}', "parameter_type_invalid"),
        ("capture", b'{"amuont":1}', "parameter_unknown"),
        ("capture", b"{", "json_invalid"),
        ("cancel", b'{"reason":"bored"}', "parameter_value_unknown"),
        ("cancel", b'{"amount":1}', "parameter_unknown"),
        ("refunds", b'{"amount":100000000}', "amount_too_large"),
        ("refunds", b'{"reason":7}', "parameter_type_invalid"),
        ("refunds", b"[]", "json_not_object"),
    ],
)
def test_bad_bodies_of_operations_are_400_and_change_nothing(demo, api, route, body, code):
    created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
    path = f"/v1/payments/{created['id']}"
    answer = api.post(f"{path}/{route}", content=body, headers={**JSON, **key()})
    assert answer.status_code == 400 and answer.json()["code"] == code, answer.text
    assert api.get(path).json() == created
    assert [line["operation"] for line in demo.oracle(created["id"])] == ["authorize"]


PAN = "4000056655665556"
ESCAPED = "".join(f"\\u{ord(digit):04x}" for digit in PAN)


@pytest.mark.parametrize(
    "body",
    [
        changed(description=f"card {PAN}, please"),
        changed(description=" ".join(PAN[n : n + 4] for n in range(0, 16, 4))),
        changed(description="-".join(PAN[n : n + 4] for n in range(0, 16, 4))),
        changed(description="PAN").replace(b"PAN", ESCAPED.encode()),
        changed(payment_method=PAN),
        changed(reference=PAN),
        changed(statement_descriptor=f"NO {PAN}"),
        changed(metadata={"card": PAN}),
        changed(metadata={PAN: "card"}),
        changed(idempotency_key=PAN),
        changed(colour=PAN),
        changed(currency=PAN),
        changed(amount=0, description=PAN),
    ],
    ids=[
        "description", "blanks", "dashes", "escaped", "token", "reference", "descriptor", "metadata", "metadata key", "key",
        "unknown member", "currency", "beside another fault",
    ],
)  # fmt: skip
def test_a_card_number_is_refused(api, body):
    answer = api.post("/v1/payments", content=body, headers={**JSON, **key()})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "card_number_in_request"
    assert PAN.encode() not in answer.content


def test_a_card_number_reaches_neither_disk_nor_log_nor_provider(own_demo):
    """Everything that the gateway writes, at its chattiest, is searched."""
    own_demo.stop_gateway()
    server = own_demo.serve(MILLRACE_LOG_LEVEL="trace")
    wait_until(own_demo.is_ready, 30, "readiness")
    with own_demo.client() as api:
        created = api.post("/v1/payments", json=payment(), headers=key()).json()
        for name in ("description", "payment_method", "reference", "statement_descriptor", "currency", "idempotency_key", "colour"):
            assert api.post("/v1/payments", json=payment(**{name: PAN}), headers={} if "key" in name else key()).status_code == 400
        assert api.post("/v1/payments", json=payment(metadata={"card": PAN}), headers=key()).status_code == 400
        # As a number, as no JSON at all, in an operation, as a key: not stored either, whatever is said of it.
        api.post("/v1/payments", content=with_amount(PAN.encode()), headers={**JSON, **key()})
        api.post("/v1/payments", content=f"card={PAN}".encode(), headers={**JSON, **key()})
        api.post(f"/v1/payments/{created['id']}/refunds", json={"reason": PAN}, headers=key())
        api.post("/v1/payments", json=payment(), headers={"idempotency-key": PAN})
        api.get(f"/v1/payments/{PAN}")
        api.get(f"/v1/payments/pay_{PAN}0000000000")
    server.terminate()
    assert server.wait(60) == 0
    searched = [path for path in own_demo.directory.rglob("*") if path.is_file()]
    assert any(path.suffix == ".journal" for path in searched) and any(path.name == "serve.log" for path in searched)
    for path in searched:
        content = path.read_bytes()
        for form in (PAN, ESCAPED, "-".join(PAN[n : n + 4] for n in range(0, 16, 4))):
            assert form.encode() not in content, path
    # The search can find: what was accepted is there.
    assert any(created["id"].encode() in path.read_bytes() or b"order-4711" in path.read_bytes() for path in searched)
    assert PAN not in json.dumps(own_demo.oracle())


@pytest.mark.parametrize(
    "authorization,code",
    [
        (None, "api_key_missing"),
        ("", "api_key_invalid"),
        ("Basic bWs6", "api_key_invalid"),
        ("Bearer", "api_key_invalid"),
        ("Bearer mk_wrong", "api_key_invalid"),
        ("Bearer mk_" + "A" * 43, "api_key_invalid"),
        ("Bearer " + "x" * 10_000, "api_key_invalid"),
    ],
)
@pytest.mark.parametrize("method,path", [("POST", "/v1/payments"), ("GET", "/v1/payments/pay_00000000000000000000000001")])
def test_bad_credentials(demo, method, path, authorization, code):
    with demo.client(merchant=None) as api:
        headers = {**key(), **({} if authorization is None else {"authorization": authorization})}
        answer = api.request(method, path, json=payment() if method == "POST" else None, headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == code


def test_a_key_that_is_nearly_right_is_wrong(demo):
    good = demo.api_keys[0]
    with demo.client(merchant=None) as api:
        for bad in (good[:-1], good + "A", good[:-1] + ("A" if good[-1] != "A" else "B"), good.upper(), good.replace("mk_", "mk-")):
            answer = api.post("/v1/payments", json=payment(), headers={**key(), "authorization": f"Bearer {bad}"})
            assert answer.status_code == 401 and answer.json()["code"] == "api_key_invalid"


@pytest.mark.parametrize(
    "method,path,status",
    [
        ("GET", "/", 404), ("GET", "/v2/payments", 404), ("POST", "/v1/payments/pay_x/explode", 404),
        ("GET", "/v1/payments", 405), ("DELETE", "/v1/payments/pay_00000000000000000000000001", 405),
        ("PUT", "/v1/payments", 405), ("GET", "/v1/payments/pay_x", 404), ("POST", "/v1/payments/", 404),
        ("POST", "/V1/payments", 404), ("POST", "/v1//payments", 404), ("POST", "/v1/payments/%2e%2e/x", 404),
        ("GET", "/v1/payments/" + "x" * 8000, 404), ("GET", "/v1/refunds/ref_x", 404), ("POST", "/openapi.yaml", 405),
        ("GET", "/v1/payments/pay_x/capture", 405), ("GET", "/v1/payments/pay_x/refunds", 405),
        ("GET", "/v1/payments/pay_7zzzzzzzzzzzzzzzzzzzzzzzzz", 404),
    ],
)  # fmt: skip
def test_unknown_routes_and_wrong_methods(api, method, path, status):
    answer = api.request(method, path, headers=key())
    assert answer.status_code == status, answer.text
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("text", ["", "a" * 256, "a" * 5000, "ключ".encode(), "two words", "a\tb", '"open', '"shut"x', '""'])
def test_bad_idempotency_keys(api, text):
    answer = api.post("/v1/payments", json=payment(), headers={"idempotency-key": text})
    assert answer.status_code == 400 and answer.json()["code"] in ("idempotency_key_invalid", "idempotency_key_missing")


def test_wrong_media_type(api):
    answer = api.post("/v1/payments", content=b"amount=5", headers={**key(), "content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 415 and answer.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize("http2", [True, False])
def test_head_is_get_without_a_body(demo, http2):
    """RFC 9110 section 9.3.2: the same fields, and nothing behind them."""
    with demo.client(http2=http2) as api:
        created = api.post("/v1/payments", json=payment(), headers=key()).json()
        for path in (f"/v1/payments/{created['id']}", "/openapi.yaml", "/v1/payments/pay_00000000000000000000000001"):
            whole, head = api.get(path), api.head(path)
            assert (head.status_code, head.content) == (whole.status_code, b"")
            for name in ("content-type", "content-length", "cache-control"):
                assert head.headers.get(name) == whole.headers.get(name)
        # The connection goes on.
        assert api.get(f"/v1/payments/{created['id']}").json()["id"] == created["id"]
        assert api.head("/v1/payments").headers["allow"] == "POST"


def test_what_is_said_of_money_is_kept_by_no_cache(api):
    created = api.post("/v1/payments", json=payment(), headers=key())
    for answer in (created, api.get(f"/v1/payments/{created.json()['id']}"), api.get("/v1/balance"), api.post("/v1/payments")):
        assert answer.headers["cache-control"] == "no-store"
    assert "cache-control" not in api.get("/openapi.yaml").headers


def test_answers_are_dated(api):
    """RFC 9110 section 6.6.1, whoever answers and however."""
    header = key()
    created = [api.post("/v1/payments", json=payment(), headers=header) for _ in range(2)]
    for answer in (*created, api.get("/v1/balance"), api.get("/v2"), api.post("/v1/payments"), api.get("/openapi.yaml")):
        age = datetime.now(UTC) - parsedate_to_datetime(answer.headers["date"])
        assert abs(age.total_seconds()) < 10, answer.headers


def test_a_compressed_body_is_refused(api):
    body = gzip.compress(json.dumps(payment()).encode())
    answer = api.post("/v1/payments", content=body, headers={**key(), "content-type": "application/json", "content-encoding": "gzip"})
    assert answer.status_code == 415 and answer.json()["code"] == "unsupported_content_encoding"
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("http2", [True, False])
def test_a_70_kilobyte_body_is_413(demo, http2):
    with demo.client(http2=http2) as api:
        answer = api.post("/v1/payments", content=b"x" * 70_000, headers={**JSON, **key()})
        assert answer.status_code == 413 and answer.json()["code"] == "body_too_large"
        # As long as is allowed, and no longer.
        full = BODY + b" " * (65_536 - len(BODY))
        assert api.post("/v1/payments", content=full, headers={**JSON, **key()}).status_code == 201
        assert api.post("/v1/payments", content=full + b" ", headers={**JSON, **key()}).status_code == 413
