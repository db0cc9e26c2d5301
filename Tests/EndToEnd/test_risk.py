"""The fraud hook: rules, lists, reviews and an external scorer, with the real binary and a scorer on a real socket."""

import os
import signal
import threading

import pytest
from gateway import key, payment, run, wait_until
from scorer import Scorer

OPERATORS = """
operators:
  - name: ops
    api_keys: ["%s"]
"""

RULES = """
risk:
  rules:
    - name: card_burst
      velocity: {per: payment_method, window: 1h, max_count: 2}
      score: 60
    - name: customer_spending
      velocity: {per: customer, window: 24h, max_amount: 500000, currency: EUR}
      score: 90
    - name: large
      amount: {over: 900000, currency: EUR}
      score: 55
  lists:
    allow: {customers: [vip]}
    block: {customers: [mallory], payment_methods: [tok_stolen]}
    sanctions: {customers: ["N. N."], outcome: review}
  review: {timeout: 1h}
"""

SCORED = """
risk:
  lists:
    block: {customers: [mallory]}
  review: {timeout: %(review)s}
  scorer:
    url: %(url)s
    timeout: %(timeout)s
    on_failure: %(on_failure)s
"""


@pytest.fixture
def scorer():
    scorer = Scorer()
    yield scorer
    scorer.stop()


def scored(scorer, timeout="500ms", on_failure="review", review="1h"):
    return SCORED % {"url": scorer.url, "timeout": timeout, "on_failure": on_failure, "review": review}


def pay(client, header=None, **changes):
    return client.post("/v1/payments", json=payment(**changes), headers=header or key())


def act(client, identifier, action, header=None):
    return client.post(f"/v1/payments/{identifier}/{action}", headers=header or key())


def operators():
    """An operator's secret, and the configuration that knows it."""
    made = run("keys", "new", "--operator", status=0).stdout.split()
    digest = next(word for word in made if word.startswith("sha256:"))
    return next(word for word in made if word.startswith("ok_")), OPERATORS % digest


def executions(demo, identifier):
    return {line["operation"]: line["executions"] for line in demo.oracle(identifier)}


def restart(demo):
    demo.kill_gateway()
    demo.start("gateway")


def test_lists_and_limits(configured_demo):
    demo = configured_demo(RULES)
    with demo.client() as client:
        blocked = pay(client, customer="mallory")
        assert blocked.status_code == 402 and blocked.json()["code"] == "payment_declined"
        seen = blocked.json()["payment"]
        assert seen["status"] == "failed" and seen["decline"]["standard_code"] == "suspected_fraud"
        assert seen["failure"] == {"reason": "blocked"}
        assert seen["risk"] == {"outcome": "block", "score": 100, "reasons": ["block_list"]}
        assert pay(client, payment_method="tok_stolen").status_code == 402
        assert demo.oracle(seen["id"]) == []

        # Sanctions come before the allow list, the allow list before the rules.
        listed = pay(client, customer="N. N.")
        assert listed.status_code == 202 and listed.json()["risk"]["reasons"] == ["sanctions_list"]
        assert pay(client, customer="vip", amount=2_000_000).status_code == 201
        large = pay(client, customer="someone", payment_method="tok_mastercard", amount=950_000)
        assert large.status_code == 402 and large.json()["payment"]["risk"]["score"] == 100
        assert large.json()["payment"]["risk"]["reasons"] == ["customer_spending", "large"]


def test_velocity_counts_across_a_restart(configured_demo):
    demo = configured_demo(RULES)
    with demo.client() as client:
        for _ in range(2):
            first = pay(client, payment_method="tok_mastercard", customer="c1", amount=100)
            assert first.status_code == 201 and "risk" not in first.json()
    restart(demo)
    with demo.client() as client:
        third = pay(client, payment_method="tok_mastercard", customer="c1", amount=100)
        assert third.status_code == 202 and third.json()["status"] == "review"
        assert third.json()["risk"] == {"outcome": "review", "score": 60, "reasons": ["card_burst"]}
    with demo.client(merchant=1) as other:
        assert pay(other, payment_method="tok_mastercard", customer="c1", amount=100).status_code == 201


def test_reviews_are_approved_and_rejected_once(configured_demo):
    demo = configured_demo(RULES)
    with demo.client() as client:
        created = key()
        body = {"amount": 950_001}
        held = pay(client, created, **body)
        assert held.status_code == 202 and held.json()["status"] == "review" and held.json()["expires_at"]
        identifier = held.json()["id"]
        assert demo.oracle(identifier) == []
        for action in ("capture", "cancel", "refunds"):
            refused = act(client, identifier, action)
            assert refused.status_code == 409, refused.text
        restart(demo)
    with demo.client() as client:
        again = pay(client, created, **body)
        assert again.status_code == 202 and again.content == held.content
        approval = key()
        approved = act(client, identifier, "approve", approval)
        assert approved.status_code == 200 and approved.json()["status"] == "captured"
        replay = act(client, identifier, "approve", approval)
        assert replay.content == approved.content and replay.headers["idempotent-replayed"] == "true"
        assert executions(demo, identifier) == {"authorize": 1, "capture": 1}
        late = act(client, identifier, "reject")
        assert late.status_code == 409 and late.json()["code"] == "payment_not_in_review"

        other = pay(client, **body).json()["id"]
        rejection = key()
        rejected = act(client, other, "reject", rejection)
        assert rejected.status_code == 200 and rejected.json()["status"] == "failed"
        assert rejected.json()["failure"] == {"reason": "review_rejected"} and rejected.json()["decline"] is None
        assert act(client, other, "reject", rejection).content == rejected.content
        assert act(client, other, "approve").status_code == 409
        assert demo.oracle(other) == []
        timeline = client.get(f"/v1/payments/{identifier}/timeline").json()["entries"]
        names = [entry["type"] for entry in timeline]
        assert names == ["payment.created", "risk.decided", "operation.requested", "operation.finished"]
        assert timeline[1]["outcome"] == "review" and timeline[1]["reasons"] == ["large"]
        assert [entry["status"] for entry in timeline] == ["processing", "review", "processing", "captured"]
    with demo.client(merchant=1) as other:
        assert act(other, identifier, "approve").status_code == 404
    assert demo.stop_gateway() == 0
    assert "sound" in run("ledger", "check", demo.directory / "data", status=0).stdout


def test_what_a_sanctions_list_holds_is_for_operators(configured_demo):
    secret, section = operators()
    demo = configured_demo(RULES + section)
    with demo.client() as client, demo.client(merchant=None) as operator:
        operator.headers["authorization"] = f"Bearer {secret}"
        first, second, third = (
            pay(client, customer="N. N.", amount=4321, payment_method=token).json()["id"]
            for token in ("tok_visa", "tok_visa", "tok_mastercard")
        )
        own = pay(client, amount=950_001, payment_method="tok_mastercard").json()
        assert own["status"] == "review" and own["risk"]["reasons"] == ["large"]
        before = client.get(f"/v1/payments/{first}").json()
        for action in ("approve", "reject", "approve"):
            refused = act(client, first, action)
            problem = refused.json()
            assert refused.status_code == 403 and problem["code"] == "review_for_operators", refused.text
            assert problem["retryable"] is False and "retry-after" not in refused.headers
            assert problem["payment"] == before
        assert act(client, first, "capture").json()["allowed"] == []
        assert act(client, own["id"], "capture").json()["allowed"] == ["approve", "reject"]
        assert demo.oracle(first) == []
        restart(demo)
    with demo.client() as client, demo.client(merchant=None) as operator:
        operator.headers["authorization"] = f"Bearer {secret}"
        header = key()
        approved = act(operator, first, "approve", header)
        assert approved.status_code == 200 and approved.json()["status"] == "captured"
        assert act(operator, first, "approve", header).content == approved.content
        assert client.get(f"/v1/payments/{first}").json() == approved.json()
        assert executions(demo, first) == {"authorize": 1, "capture": 1}
        rejected = act(operator, second, "reject")
        assert rejected.status_code == 200 and rejected.json()["failure"] == {"reason": "review_rejected"}
        assert demo.oracle(second) == []
        # Any review is an operator's, too. An operator's key counts for one payment: there it is one request's.
        assert act(operator, own["id"], "reject", header).json()["status"] == "failed"
        assert act(operator, own["id"], "approve", header).status_code == 422
        assert act(client, third, "approve", header).status_code == 403
        assert act(operator, third, "approve").json()["status"] == "captured"
        assert act(operator, "pay_" + "0" * 26, "approve").status_code == 404
        late = act(client, first, "approve")
        assert late.status_code == 409 and late.json()["code"] == "payment_not_in_review"
    assert demo.stop_gateway() == 0
    assert "sound" in run("ledger", "check", demo.directory / "data", status=0).stdout


def test_a_review_times_out(configured_demo):
    demo = configured_demo(RULES.replace("timeout: 1h", "timeout: 1s"))
    with demo.client() as client:
        held = pay(client, customer="N. N.").json()
        path = f"/v1/payments/{held['id']}"
        wait_until(lambda: client.get(path).json()["status"] == "failed", 30, "the time-out")
        assert client.get(path).json()["failure"] == {"reason": "review_timed_out"}
        assert act(client, held["id"], "approve").status_code == 409
        assert demo.oracle(held["id"]) == []
        assert demo.metrics()["millrace_risk_reviews_timed_out_total"] == 1


def test_the_scorer_decides(configured_demo, scorer, monkeypatch):
    monkeypatch.setenv("MILLRACE_RISK_SCORER_TOKEN", "scorer-secret")
    demo = configured_demo(scored(scorer))
    with demo.client() as client:
        allowed = pay(client, customer="c\"1", capture=False)
        assert allowed.status_code == 201 and allowed.json()["status"] == "authorized"
        question = scorer.questions[0]
        assert question["payment_id"] == allowed.json()["id"] and question["customer"] == 'c"1'
        assert question["amount"] == 1999 and question["currency"] == "EUR" and question["capture"] is False
        assert question["payment_method"] == "tok_visa" and question["merchant_id"] == "merchant-1"
        assert scorer.authorizations[0] == "Bearer scorer-secret"

        scorer.answer = {"score": 65, "reasons": ["new_device"]}
        review = pay(client)
        assert review.status_code == 202
        assert review.json()["risk"] == {"outcome": "review", "score": 65, "reasons": ["new_device"]}
        assert act(client, review.json()["id"], "approve").json()["status"] == "captured"
        assert len(scorer.asked(review.json()["id"])) == 1

        scorer.answer = {"score": 99, "reasons": ["known_fraudster"]}
        block = pay(client)
        assert block.status_code == 402 and block.json()["payment"]["risk"]["reasons"] == ["known_fraudster"]
        assert demo.oracle(block.json()["payment"]["id"]) == []

        asked = len(scorer.questions)
        assert pay(client, customer="mallory").status_code == 402
        assert len(scorer.questions) == asked, "what is blocked already is not asked about"
        metrics = demo.metrics()
        assert metrics["millrace_risk_scorer_questions_total"] == 3
        assert metrics["millrace_risk_scorer_seconds_count"] == 3
        assert metrics["millrace_risk_verdicts_total"] == 4


@pytest.mark.parametrize("on_failure,status", [("allow", 201), ("review", 202), ("block", 402)])
@pytest.mark.parametrize("failure", ["silence", "late", "500", "garbage", "gone"])
def test_a_scorer_that_fails(configured_demo, scorer, on_failure, status, failure):
    if failure in ("silence", "late"):
        scorer.delay = None if failure == "silence" else 1.5
    elif failure == "500":
        scorer.status = 500
    elif failure == "garbage":
        scorer.answer = b"{score: 1}"
    else:
        scorer.stop()
    demo = configured_demo(scored(scorer, timeout="300ms", on_failure=on_failure))
    with demo.client() as client:
        created = key()
        done = pay(client, created)
        assert done.status_code == status, done.text
        seen = done.json() if status != 402 else done.json()["payment"]
        assert seen["risk"]["reasons"] == ["scorer_failed"] and seen["risk"]["outcome"] == on_failure
        # An answer that comes after the deadline changes nothing.
        again = pay(client, created)
        assert again.content == done.content
        assert bool(demo.oracle(seen["id"])) == (status == 201)
        if failure == "late":
            after = pay(client)
            assert after.status_code == status
            assert client.get(f"/v1/payments/{seen['id']}").json()["status"] == seen["status"]


def test_what_awaits_its_score_is_not_sent_after_a_crash(configured_demo, scorer):
    scorer.delay = None
    demo = configured_demo(scored(scorer, timeout="20s"))
    created = key()

    def create():
        with demo.client() as client:
            try:
                pay(client, created)
            except Exception:
                pass  # The gateway is killed under it.

    thread = threading.Thread(target=create)
    thread.start()
    wait_until(lambda: scorer.questions, 30, "the question")
    identifier = scorer.questions[0]["payment_id"]
    demo.kill_gateway()
    thread.join()
    assert demo.oracle(identifier) == []
    # It is asked about again, before anything is sent.
    demo.start("gateway")
    wait_until(lambda: len(scorer.asked(identifier)) == 2, 30, "the second question")
    assert demo.oracle(identifier) == []
    with demo.client() as client:
        waiting = pay(client, created)
        assert waiting.status_code == 202 and waiting.json()["status"] == "processing"
    demo.kill_gateway()
    scorer.delay, scorer.answer = 0.0, {"score": 70, "reasons": ["third_time"]}
    demo.start("gateway")
    with demo.client() as client:
        path = f"/v1/payments/{identifier}"
        wait_until(lambda: client.get(path).json()["status"] == "review", 30, "the review")
        assert demo.oracle(identifier) == []
        assert pay(client, created).json()["risk"]["reasons"] == ["third_time"]
        assert act(client, identifier, "approve").json()["status"] == "captured"
        assert executions(demo, identifier) == {"authorize": 1, "capture": 1}
    assert demo.stop_gateway() == 0
    demo.verify_journals()
    run("ledger", "check", demo.directory / "data", status=0)


def test_rules_are_reloaded(configured_demo):
    demo = configured_demo("\nrisk:\n  lists:\n    block: {customers: [mallory]}\n")
    configuration = demo.directory / "millrace.yaml"
    log = demo.directory / "gateway.log"
    with demo.client() as client:
        assert pay(client, customer="trudy").status_code == 201
        good = configuration.read_text()
        configuration.write_text(good.replace("mallory", "mallory, trudy"))
        os.kill(demo.gateway_pid, signal.SIGHUP)
        wait_until(lambda: "Reloaded the fraud hook" in log.read_text(), 30, "the reload")
        reload = next(line for line in log.read_text().splitlines() if "Reloaded the fraud hook" in line)
        assert "blocked_customers=2" in reload, reload
        assert pay(client, customer="trudy").status_code == 402
        configuration.write_text(good.replace("lists:", "colour:"))
        os.kill(demo.gateway_pid, signal.SIGHUP)
        wait_until(lambda: "unknown key risk.colour" in log.read_text(), 30, "the refusal")
        assert pay(client, customer="trudy").status_code == 402


@pytest.mark.parametrize(
    "section,problem",
    [
        ("{bands: {review: 60, block: 50}}", "review must not be above block"),
        ("{rules: [{name: a, score: 1}]}", "needs a velocity or an amount"),
        ("{scorer: {timeout: 1s}}", "url is missing"),
    ],
)
def test_a_wrong_section_is_named(demo, tmp_path, section, problem):
    path = tmp_path / "bad.yaml"
    path.write_text((demo.directory / "millrace.yaml").read_text() + f"\nrisk: {section}\n")
    done = run("serve", "--config", path, "--check-config", status=78)
    assert problem in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_list_file_is_checked(demo, tmp_path):
    (tmp_path / "list.txt").write_bytes(b"ok\n\xff\n")
    path = tmp_path / "bad.yaml"
    section = f"\nrisk: {{lists: {{sanctions: {{customers_file: {tmp_path / 'list.txt'}}}}}}}\n"
    path.write_text((demo.directory / "millrace.yaml").read_text() + section)
    done = run("serve", "--config", path, "--check-config", status=78)
    assert "list.txt:2: is not UTF-8 text" in done.stderr
