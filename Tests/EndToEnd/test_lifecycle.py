"""The life of a payment between authorization and money: what runs out, waits for shoppers, is raised, captured in parts, given up.

The gateway is told to be impatient. The simulator's oracle is the witness: executed at most once, and no money where none should be."""

import time

import httpx
import pytest
from gateway import Demo, key, payment, run, wait_until

# Milliseconds matter to no test: the simulator's tokens count in seconds.
SETTINGS = """
payments: {abandon_after: 4s, action_timeout: 5s, attention_after: 2s}
provider: {deadline: 1s, over_capture_basis_points: 1000}
"""


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("impatient"))
    try:
        demo.start("psp")
        demo.configure(SETTINGS)
        demo.start("gateway")
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def shop(impatient):
    with impatient.client() as client:
        yield client


def create(shop, token, status=201, **changes):
    answer = shop.post("/v1/payments", json=payment(amount=1000, payment_method=token, **changes), headers=key())
    assert answer.status_code == status, answer.text
    return answer.json()


def post(shop, created, what, status=200, **body):
    answer = shop.post(f"/v1/payments/{created['id']}/{what}", json=body, headers=key())
    assert answer.status_code == status, answer.text
    return answer.json()


def read(shop, created):
    return shop.get(f"/v1/payments/{created['id']}").json()


def becomes(shop, created, status, seconds=30):
    wait_until(lambda: read(shop, created)["status"] == status, seconds, f"{created['id']} to be {status}")
    return read(shop, created)


def moved(demo, created):
    """What the PSP executed: (operation, amount) in order of kind; each exactly once."""
    lines = demo.oracle(created["id"])
    assert all(line["executions"] == 1 for line in lines), lines
    order = ["authorize", "increment", "capture", "cancel", "refund"]
    return sorted(((line["operation"], line["amount"]) for line in lines), key=lambda move: (order.index(move[0]), move[1]))


def restart(demo):
    demo.kill_gateway()
    demo.start("gateway")


def events(shop, created):
    answer = shop.get(f"/v1/payments/{created['id']}/timeline")
    assert answer.status_code == 200, answer.text
    return answer.text


# Authorizations


def test_an_authorization_runs_out_also_when_the_gateway_was_down(impatient):
    with impatient.client() as shop:
        created = create(shop, "tok_expires_3s", capture=False)
        assert created["status"] == "authorized" and created["expires_at"]
        restart(impatient)
    with impatient.client() as shop:
        after = becomes(shop, created, "expired")
        assert after["amount_capturable"] == 0 and after["amount_captured"] == 0
        assert post(shop, created, "capture", 409)["code"]
    assert moved(impatient, created) == [("authorize", 1000)]


def test_half_is_taken_where_that_is_welcome(impatient, shop):
    created = create(shop, "tok_partial_half", capture=False, partial_authorization=True)
    assert (created["status"], created["amount"], created["amount_authorized"]) == ("authorized", 1000, 500)
    assert post(shop, created, "capture")["amount_captured"] == 500
    assert moved(impatient, created) == [("authorize", 500), ("capture", 500)]
    assert create(shop, "tok_partial_half", 402, capture=False)["decline"]["standard_code"] == "insufficient_funds"


def test_half_that_nobody_wants_is_voided_by_the_gateway_itself(impatient, shop):
    refused = create(shop, "tok_partial_unasked", 402, capture=False)["payment"]
    wait_until(lambda: ("cancel", 500) in moved(impatient, refused), 30, "the void of what was too little")
    after = becomes(shop, refused, "failed")
    assert after["amount_capturable"] == 0
    assert moved(impatient, refused) == [("authorize", 500), ("cancel", 500)]


def test_an_authorization_is_raised_and_captured(impatient, shop):
    created = create(shop, "tok_visa", capture=False)
    assert post(shop, created, "increment", 422, amount=900)["code"]
    raised = post(shop, created, "increment", amount=1500)
    assert (raised["amount"], raised["amount_authorized"], raised["amount_capturable"]) == (1500, 1500, 1500)
    assert post(shop, created, "capture")["amount_captured"] == 1500
    assert moved(impatient, created) == [("authorize", 1000), ("increment", 1500), ("capture", 1500)]


def test_an_increment_whose_answer_was_lost_is_found_and_made_once(impatient, shop):
    created = create(shop, "tok_increment_execute_then_drop", capture=False)
    assert post(shop, created, "increment", 202, amount=1500)["status"] == "processing"
    assert becomes(shop, created, "authorized")["amount_authorized"] == 1500
    assert moved(impatient, created) == [("authorize", 1000), ("increment", 1500)]


def test_a_refused_increment_leaves_the_authorization_as_it_was(impatient, shop):
    created = create(shop, "tok_increment_fails", capture=False)
    assert post(shop, created, "increment", 402, amount=1500)
    assert read(shop, created)["amount_authorized"] == 1000
    assert post(shop, created, "cancel")["status"] == "cancelled"


# Captures


def test_more_than_authorized_is_captured_as_far_as_the_provider_lets_it(impatient, shop):
    created = create(shop, "tok_overcapture", capture=False)
    assert post(shop, created, "capture", 422, amount=1101)["code"]
    after = post(shop, created, "capture", amount=1100)
    assert (after["status"], after["amount_captured"]) == ("captured", 1100)
    assert post(shop, created, "refunds", 201, amount=1100)["amount"] == 1100
    assert moved(impatient, created) == [("authorize", 1000), ("capture", 1100), ("refund", 1100)]


def test_an_over_capture_that_the_provider_refuses_leaves_the_authorization(impatient, shop):
    created = create(shop, "tok_visa", capture=False)
    assert post(shop, created, "capture", 402, amount=1100)["decline"]
    assert post(shop, created, "capture")["amount_captured"] == 1000
    assert moved(impatient, created) == [("authorize", 1000), ("capture", 1000)]


def test_several_captures_and_the_last_one_releases_the_rest(impatient, shop):
    created = create(shop, "tok_visa", capture=False)
    first = post(shop, created, "capture", amount=300, final=False)
    assert (first["status"], first["amount_capturable"]) == ("partially_captured", 700)
    last = post(shop, created, "capture", amount=200)
    assert (last["status"], last["amount_captured"], last["amount_capturable"]) == ("captured", 500, 0)
    assert moved(impatient, created) == [("authorize", 1000), ("capture", 200), ("capture", 300)]
    charges = httpx.get(
        f"{impatient.psp_url}/v1/charges", params={"reference": created["id"]}, headers={"authorization": "Bearer sk_sim_test"}
    ).json()["data"]
    assert [charge["status"] for charge in charges] == ["captured"], "nothing stays held at the provider"


def test_the_rest_of_a_partial_capture_is_voided(impatient, shop):
    created = create(shop, "tok_visa", capture=False)
    post(shop, created, "capture", amount=300, final=False)
    assert post(shop, created, "cancel")["status"] == "captured"
    assert moved(impatient, created) == [("authorize", 1000), ("capture", 300), ("cancel", 700)]


# Shoppers


@pytest.mark.parametrize("capture", [True, False])
def test_a_shopper_passes_while_the_gateway_is_restarted(impatient, capture):
    with impatient.client() as shop:
        created = create(shop, "tok_3ds", capture=capture)
        assert created["status"] == "requires_action" and created["next_action"]["url"].startswith(impatient.psp_url)
        assert post(shop, created, "confirm")["status"] == "requires_action"
        assert moved(impatient, created) == []
        page = httpx.get(created["next_action"]["url"])
        assert page.status_code == 200 and "Pay" in page.text
        assert httpx.post(created["next_action"]["url"] + "/complete").status_code == 200
        restart(impatient)
    with impatient.client() as shop:
        header = key()
        path = f"/v1/payments/{created['id']}/confirm"
        done = shop.post(path, json={}, headers=header)
        assert done.status_code == 200 and done.json()["status"] == ("captured" if capture else "authorized")
        assert "next_action" not in done.json()
        assert shop.post(path, json={}, headers=header).content == done.content
    assert moved(impatient, created)[0] == ("authorize", 1000)


def test_a_shopper_who_fails_has_failed_the_payment(impatient, shop):
    created = create(shop, "tok_redirect")
    assert created["next_action"]["type"] == "redirect"
    assert httpx.post(created["next_action"]["url"] + "/fail").status_code == 200
    assert post(shop, created, "confirm", 402)["decline"]["class"] == "authentication"
    assert read(shop, created)["status"] == "failed"
    assert moved(impatient, created) == []


def test_a_payment_that_waits_is_cancelled(impatient, shop):
    created = create(shop, "tok_3ds")
    assert post(shop, created, "cancel")["status"] == "cancelled"
    assert httpx.post(created["next_action"]["url"] + "/complete").status_code == 409
    assert moved(impatient, created) == []


def test_a_shopper_who_does_not_come_back_has_failed_the_payment_also_after_a_restart(impatient):
    with impatient.client() as shop:
        created = create(shop, "tok_3ds")
        restart(impatient)
    with impatient.client() as shop:
        after = becomes(shop, created, "failed")
        assert after["failure"]["reason"] == "abandoned"
        wait_until(lambda: httpx.post(created["next_action"]["url"] + "/complete").status_code == 409, 30, "the end of the page")
    assert moved(impatient, created) == []


def test_a_shopper_who_paid_although_nobody_waited_any_more_gets_it_back(impatient, shop):
    created = create(shop, "tok_3ds_completes_3s")
    becomes(shop, created, "refunded", 60)
    assert moved(impatient, created) == [("authorize", 1000), ("capture", 1000), ("refund", 1000)]


# Unknown outcomes


def test_an_unknown_authorization_is_given_up_and_voided_by_reference(impatient, shop):
    abandoned = impatient.metrics()["millrace_payments_abandoned_total"]
    header, body = key(), payment(amount=1000, payment_method="tok_timeout")
    first = shop.post("/v1/payments", json=body, headers=header)
    assert first.status_code == 202, first.text
    after = becomes(shop, first.json(), "failed", 60)
    assert after["failure"]["reason"] == "abandoned"
    assert shop.post("/v1/payments", json=body, headers=header).status_code == 502
    assert moved(impatient, after) == []
    assert impatient.metrics()["millrace_payments_abandoned_total"] == abandoned + 1
    assert "abandoned" in events(shop, after)


def test_a_request_that_arrives_after_the_void_is_not_executed(impatient, shop):
    first = create(shop, "tok_late_8s", 202)
    becomes(shop, first, "failed", 60)
    # Longer than the last request under way can take.
    time.sleep(10)
    assert moved(impatient, first) == []
    assert read(shop, first)["status"] == "failed"


def test_what_was_executed_before_the_void_is_taken_back(impatient, shop):
    sale, hold = create(shop, "tok_late_3s", 202), create(shop, "tok_late_3s", 202, capture=False)
    becomes(shop, sale, "refunded", 60)
    becomes(shop, hold, "failed", 60)
    assert moved(impatient, sale) == [("authorize", 1000), ("capture", 1000), ("refund", 1000)]
    assert moved(impatient, hold) == [("authorize", 1000), ("cancel", 1000)]


def test_a_bank_debit_is_waited_for_and_stands_in_the_manual_queue_when_it_takes_long(impatient, shop):
    created = create(shop, "tok_bank_debit_succeeds_6s", 202)
    url = f"{impatient.admin_url}/unresolved"

    def queued():
        return next((line for line in httpx.get(url).json()["data"] if line["payment"] == created["id"]), None)

    assert queued()["state"] == "pending_at_provider"
    wait_until(lambda: (queued() or {}).get("needs_attention"), 10, "the alarm")
    assert impatient.metrics()["millrace_operations_needing_attention"] >= 1
    becomes(shop, created, "captured", 60)
    assert queued() is None
    assert httpx.get(url, params={"limit": "0"}).status_code == 400
    assert moved(impatient, created) == [("authorize", 1000), ("capture", 1000)]


# Afterwards


def test_afterwards_the_books_are_sound(impatient):
    assert impatient.trial_balance()["balanced"]
    audited = [line for line in httpx.get(f"{impatient.admin_url}/audit/payments").text.splitlines() if line]
    assert len(audited) > 15
    assert all(line["executions"] == 1 for line in impatient.oracle())
    assert impatient.stop_gateway() == 0
    run("ledger", "check", impatient.directory / "data", status=0)
    impatient.verify_journals()
