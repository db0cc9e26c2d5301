"""`millrace load`: what it refuses, what its audit understands, and that it finds what is wrong at either of two simulators."""

import datetime
import json

import httpx
import pytest
from gateway import Demo, finish, key, payment, run, unique, wait_until

# Two seconds of everything, among it payments that wait for their shopper: some of these come back meanwhile.
WAITING = """
name: waiting
payment_methods: {tok_visa: 5, tok_3ds: 2, tok_3ds_completes_1s: 2, tok_redirect: 1}
mix: {sale: 4, authorize: 4, capture: 2, capture_partial: 1, cancel: 1, refund: 1, refund_partial: 1, get: 1}
duplicates: {rate: 0.1}
phases: [{duration: 2s, rate: 100}]
"""
BOTH = """
name: both
mix: {sale: 3, authorize: 3, capture: 2, cancel: 1, refund: 1}
phases: [{duration: 2s, rate: 100}]
"""
RAW_AT_THE_GATEWAY = """
name: raw
retries: off
raw: {path: /v1/charges, body: '{}'}
phases: [{duration: 60s, rate: 100}]
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A demo that only loads and their tests use: an audit looks at all that ever happened in it."""
    demo = Demo(tmp_path_factory.mktemp("loaded"))
    try:
        yield demo.start()
    finally:
        demo.stop()


@pytest.fixture
def scenario(tmp_path):
    def write(text):
        path = tmp_path / "scenario.yaml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    "option, value",
    [
        ("--connections", "0"), ("--connections", "-1"), ("--loops", "0"), ("--rate", "nan"), ("--rate", "inf"), ("--rate", "0"),
        ("--rate", "1e7"), ("--duration", "0s"), ("--duration", "infs"), ("--duration", "1e30s"),
    ],
)  # fmt: skip
def test_an_impossible_option_is_refused_by_name(option, value):
    target = ("--target", "https://localhost:1", "--api-key", "mk_x")
    refused = run("load", "run", "--scenario", "smoke", *target, f"{option}={value}", timeout=20)
    # 64: what the argument parser itself refuses.
    assert refused.returncode in (2, 64) and option in refused.stderr, (refused.returncode, refused.stderr)
    assert "Fatal error" not in refused.stderr


@pytest.mark.parametrize("target", ["https://localhost:0", "https://localhost:70000", "https://user:word@localhost", "https://localhost/?x=1"])
def test_an_impossible_target_is_refused(target):
    refused = run("load", "run", "--scenario", "smoke", "--target", target, "--api-key", "mk_x", timeout=20)
    assert refused.returncode == 2 and "word" not in refused.stderr.replace("password", ""), refused.stderr


def test_payments_that_wait_and_increments_are_no_faults(loaded, scenario):
    with loaded.client() as api:
        hold = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
        raised = api.post(f"/v1/payments/{hold['id']}/increment", json={"amount": 2500}, headers=key())
        assert raised.status_code == 200 and raised.json()["amount_authorized"] == 2500, raised.text
        half = payment(payment_method="tok_partial_half", partial_authorization=True)
        assert api.post("/v1/payments", json=half, headers=key()).json()["amount_authorized"] == 999
        waiting = api.post("/v1/payments", json=payment(payment_method="tok_3ds"), headers=key())
        assert waiting.json()["status"] == "requires_action"
    # What is older than the run by less than the margin for clocks would have to be explained by a request of the run.
    made = datetime.datetime.fromisoformat(waiting.json()["created_at"])
    wait_until(lambda: (datetime.datetime.now(datetime.UTC) - made).total_seconds() > 0.1, 10, "time")
    output = finish(loaded.load(scenario(WAITING), "--seed", 11))
    assert "audit: passed" in output, output
    # And again, over what the first run left.
    output = finish(loaded.load(scenario(WAITING), "--seed", 12))
    assert "audit: passed" in output, output


def test_a_gateway_does_not_have_a_providers_path(loaded, scenario):
    load = loaded.load(scenario(RAW_AT_THE_GATEWAY))
    output, _ = load.communicate(timeout=30)
    assert load.returncode == 1 and "POST /v1/charges is answered 404" in output, output


def test_raw_charges_go_to_the_demos_simulator(bare_demo):
    bare_demo.start("psp")
    bare_demo.start("gateway")
    output = finish(bare_demo.load("raw-charges", "--rate", "100", "--duration", "1s"))
    assert bare_demo.psp_url in output and "succeeded: 100" in output, output
    assert len(bare_demo.oracle()) > 100


def test_both_simulators_are_audited(tmp_path, scenario):
    (tmp_path / "two").mkdir()
    demo = Demo(tmp_path / "two", arguments=["--connectors", "2"])
    try:
        demo.start()
        # About half of the payments are executed by the second connector.
        demo.profile({"decline_rate": 0.5, "decline_codes": {"processing_error": 1}})
        output = finish(demo.load(scenario(BOTH)))
        assert "audit: passed" in output, output
        second = demo.document["second_psp_url"]
        executed = [httpx.get(f"{url}/oracle/charges", timeout=30).text.count("\n") for url in (demo.psp_url, second)]
        assert min(executed) > 50, executed
        # Money that moved at the second simulator alone, and that no payment explains.
        charge = {"reference": f"stray-{unique()}", "amount": 1, "currency": "EUR", "payment_method": "tok_visa"}
        headers = {"authorization": "Bearer sk_sim_x", "idempotency-key": unique()}
        assert httpx.post(f"{second}/v1/charges", json=charge, headers=headers, timeout=30).status_code == 200
        load = demo.load(scenario(BOTH))
        output, _ = load.communicate(timeout=120)
        assert load.returncode == 1 and "charge without payment" in output, output
    finally:
        demo.stop()


def test_a_run_whose_audit_cannot_be_made_reports_what_it_measured(loaded, scenario, tmp_path):
    demo = tmp_path / "demo.json"
    # Nothing listens on port 1.
    demo.write_text(json.dumps({**loaded.document, "oracle_url": "http://127.0.0.1:1/oracle/charges"}))
    ended = run("load", "run", "--scenario", scenario(BOTH), "--demo", demo, status=1)
    assert "the audit could not be made: http://127.0.0.1:1/oracle/charges cannot be reached" in ended.stdout, ended.stdout
    assert "measured: 200 requests" in ended.stdout, ended.stdout
