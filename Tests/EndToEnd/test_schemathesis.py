"""Requests made from the OpenAPI document, valid and invalid ones, by schemathesis: every answer is one that the document promises,
no request is answered 5xx but by what the document explains, and none passes without its key. Seeded: a failure can be repeated.
"""

import copy
import json
import string
import warnings

import pytest
import requests
import schemathesis
import schemathesis.specs.openapi.checks as promises
from contract import DOCUMENT
from gateway import Demo, key, payment, unique
from hypothesis import HealthCheck, Phase, given, seed, settings
from money import EXCHANGE, wallet
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

# Requests to each operation, of each mode.
EXAMPLES = 10
# Fewer where one that succeeds is enough.
ATTEMPTS = 4
SEED = 20261201
CURRENCIES = {"currency": "EUR", "sell_currency": "EUR", "buy_currency": "USD"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CONFORMANCE = [
    promises.status_code_conformance,
    promises.content_type_conformance,
    promises.response_headers_conformance,
    promises.response_schema_conformance,
]
# Why a request that is valid by its schema may be 400 all the same: what JSON Schema cannot say.
NOT_IN_A_SCHEMA = {
    # A number such as 12.0 is an integer for JSON Schema; the gateway takes digits alone.
    "amount_not_integer",
    "currency_unknown",
    "cursor_invalid",
    "idempotency_key_conflict",
    "moment_not_past",
    # Bytes of UTF-8 count, not characters.
    "parameter_too_long",
}
# What an event needs and takes depends on its type; the document says it in words.
NOT_IN_THE_SCHEMA_OF = {"POST /v1/provider_events": {"parameter_missing", "parameter_unknown"}}
# What a provider's answer can lead to; everything else of the 5xx is a fault.
DOCUMENTED_FAILURES = {502: {"payment_not_executed", "refund_failed"}, 503: set()}

warnings.filterwarnings("ignore", module="schemathesis")
SCHEMA = schemathesis.openapi.from_dict(
    copy.deepcopy(DOCUMENT), config=SchemathesisConfig.from_dict({"seed": SEED, "phases": {"coverage": {"enabled": False}}})
)
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


class Target:
    """A gateway with everything that the document's requests can be about, and a client for schemathesis."""

    def __init__(self, demo):
        self.demo = demo
        self.session = requests.Session()
        # The environment's certificates would replace the demo's.
        self.session.trust_env = False
        self.session.verify = demo.ca_cert
        with demo.client() as api:
            self.refund = api.post(f"/v1/payments/{self.payment(api)}/refunds", json={"amount": 5}, headers=key()).json()["id"]
            self.wallet = wallet(api, fill=10_000, settled_by=demo).rsplit("/", 1)[1]
            assert api.post("/v1/payments", json=payment(payment_method=self.wallet, amount=5_000), headers=key()).status_code == 201
            body = {"amount": 100, "currency": "EUR", "destination": "ba_main"}
            payout = api.post("/v1/payouts", json=body, headers=key())
            assert payout.status_code == 201, payout.text
            self.payout = payout.json()["id"]
            self.dispute = self.disputed(self.payment(api))
            # What captures, cancels and the like work on: each of them ends the payment that it is given.
            self.payments = [
                self.payment(api, **changes)
                for changes in ({"capture": False}, {}, {"payment_method": "tok_3ds"}) * (EXAMPLES * len(OPERATIONS) // 12)
            ]

    @staticmethod
    def payment(api, **changes):
        return api.post("/v1/payments", json=payment(**changes), headers=key()).json()["id"]

    def disputed(self, identifier):
        event = {"id": "evt_dispute", "provider": "simulated", "type": "dispute.opened", "payment_id": identifier, "amount": 500}
        with self.demo.client(merchant=None) as operator:
            operator.headers["authorization"] = f"Bearer {self.demo.operator_secret}"
            answer = operator.post("/v1/provider_events", json={**event, "psp_reference": "case_1", "fee": 0})
        assert answer.status_code == 200, answer.text
        return answer.json()["dispute_id"]

    def identifier(self, path):
        """One that exists, for the operation's path."""
        kind = path.split("/")[2]
        if kind == "payments":
            return self.payments.pop() if len(self.payments) > 1 else self.payments[0]
        return {"refunds": self.refund, "disputes": self.dispute, "payouts": self.payout, "wallets": self.wallet}[kind]

    def secret(self, operation):
        return self.demo.operator_secret if "(operators)" in operation.definition.raw["summary"] else self.demo.api_keys[0]

    def call(self, case, secret):
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        return case.call(base_url=self.demo.base_url, session=self.session, headers=headers, timeout=30, verify=self.demo.ca_cert)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("documented"))
    try:
        demo.start("psp")
        demo.configure(EXCHANGE)
        yield Target(demo.start("gateway"))
    finally:
        demo.stop()


def code_of(response):
    return response.json()["code"] if response.status_code >= 400 else None


def check(case, response, mode):
    """What holds of every answer, and what of those to valid and to invalid requests."""
    code = code_of(response)
    if response.status_code >= 500:
        assert code in DOCUMENTED_FAILURES.get(response.status_code, ()), f"{response.status_code} {code}: {case.as_curl_command()}"
    checks = [*CONFORMANCE, promises.negative_data_rejection] if mode is GenerationMode.NEGATIVE else CONFORMANCE
    case.validate_response(response, checks=checks)
    if mode is GenerationMode.POSITIVE and response.status_code in (400, 401, 415):
        expected = NOT_IN_A_SCHEMA | NOT_IN_THE_SCHEMA_OF.get(case.operation.label, set())
        assert code in expected, f"valid by the document, and refused: {response.text}\n{case.as_curl_command()}"


def run_examples(operation, mode, body, count=EXAMPLES):
    """Calls `body(case, number)` with so many requests to the operation, the same ones in every run."""
    numbers = iter(range(1 << 20))

    @seed(SEED)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=operation.as_strategy(generation_mode=mode))
    def examples(case):
        body(case, next(numbers))

    examples()


def one_example(operation):
    cases = []
    run_examples(operation, GenerationMode.POSITIVE, lambda case, _: cases.append(case), 1)
    return cases[0]


def takes_something(operation):
    """Whether a request to it can be invalid."""
    return operation.definition.raw.get("parameters") or "{id}" in operation.path or "requestBody" in operation.definition.raw


@pytest.mark.parametrize(
    "label, mode",
    [
        pytest.param(label, mode, id=f"{label} {mode.value}")
        for label, operation in sorted(OPERATIONS.items())
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or takes_something(operation)
    ],
)
def test_every_answer_is_documented(target, label, mode):
    operation = OPERATIONS[label]
    statuses = set()

    def send(case, number):
        # Half of the identifiers are made up.
        if number % 2 == 0 and case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters["id"] = target.identifier(operation.path)
        response = target.call(case, target.secret(operation))
        statuses.add(response.status_code)
        check(case, response, mode)

    run_examples(operation, mode, send)
    assert statuses


def test_requests_from_the_document_succeed_too(target):
    """Otherwise the tests above would see refusals alone."""
    succeeded = set()
    for label, operation in OPERATIONS.items():

        def send(case, number, label=label, operation=operation):
            if case.path_parameters:
                case.path_parameters["id"] = target.identifier(operation.path)
            if isinstance(case.body, dict):
                # Most codes of three letters are no currencies.
                case.body.update({name: code for name, code in CURRENCIES.items() if name in case.body})
            if target.call(case, target.secret(operation)).status_code < 300:
                succeeded.add(label)

        run_examples(operation, GenerationMode.POSITIVE, send, ATTEMPTS)
    assert len(succeeded) >= len(OPERATIONS) * 0.6, sorted(set(OPERATIONS) - succeeded)


def forged(secret):
    """Keys that are not the one, and some that differ from it as little as can be."""
    alphabet = string.ascii_letters
    other = alphabet[(alphabet.find(secret[10]) + 1) % len(alphabet)]
    role = "mk_" if secret.startswith("ok_") else "ok_"
    return [
        None, "", "mk_", secret[:-1], secret + "A", secret[:10] + other + secret[11:], secret.swapcase(), role + secret[3:],
        "null", secret + " " + secret,
    ]  # fmt: skip


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_operation_passes_without_its_key(target, label):
    operation = OPERATIONS[label]
    if operation.definition.raw.get("security") == []:
        return
    case = one_example(operation)
    if case.path_parameters:
        case.path_parameters["id"] = target.identifier(operation.path)
    case.headers.pop("Authorization", None)
    secret = target.secret(operation)
    for wrong in forged(secret):
        response = target.call(case, wrong)
        assert response.status_code == 401, f"{wrong!r}: {response.status_code} {response.text}"
        case.validate_response(response, checks=CONFORMANCE)
    # The other role's key is known, and may not do this. Reviews are for both.
    other = target.demo.api_keys[0] if secret == target.demo.operator_secret else target.demo.operator_secret
    response = target.call(case, other)
    if label.rsplit("/", 1)[1] not in ("approve", "reject"):
        assert response.status_code == 403, f"{response.status_code} {response.text}"
    case.validate_response(response, checks=CONFORMANCE)


@pytest.mark.parametrize("path", sorted(DOCUMENT["paths"]))
def test_other_methods_are_refused(target, path):
    documented = {method.upper() for method in DOCUMENT["paths"][path]}
    made_up = path.replace("{id}", "pay_01m7yky91v000g00000000001a")
    with target.demo.client() as api:
        for method in METHODS:
            if method not in documented:
                answer = api.request(method, made_up)
                assert answer.status_code == 405 and answer.json()["code"] == "method_not_allowed", (method, answer.text)


def test_the_checks_can_fail(target):
    """A gateway that answers something else is found out: here an answer is changed on its way."""
    operation = OPERATIONS["POST /v1/wallets"]
    case = one_example(operation)
    case.headers["Idempotency-Key"] = unique()
    case.body = {"currency": "EUR"}
    response = target.call(case, target.secret(operation))
    assert response.status_code == 201
    check(case, response, GenerationMode.POSITIVE)

    def altered(status=201, content_type="application/json", **changes):
        headers = {**response.headers, "content-type": [content_type]}
        content = json.dumps({**response.json(), **changes}).encode()
        return schemathesis.Response(status, headers, content, response.request, response.elapsed, response.verify)

    case.validate_response(altered(), checks=CONFORMANCE)
    for wrong in (altered(200), altered(content_type="text/plain"), altered(colour="red"), altered(balance=-1), altered(balance="0")):
        with pytest.raises(FailureGroup):
            case.validate_response(wrong, checks=CONFORMANCE)
