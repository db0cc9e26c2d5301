"""A merchant's route of two connectors: what the first one certainly did not execute, the next one tries. Nothing else moves on."""

import json
import subprocess
import threading

import httpx
import pytest
from events import booked
from faultlab import needs, strace
from gateway import BINARY, Demo, key, payment, run, unique, wait_until
from money import books_are_sound

KILLS = 50
SOFT = {"decline_rate": 1, "decline_codes": {"processing_error": 1}}
CLEAN = {"preset": "clean"}


def declines(code):
    return {"decline_rate": 1, "decline_codes": {code: 1}}


class Alpha:
    """The simulator of the first connector; the demo's own is that of the second, `beta`."""

    def __init__(self, directory):
        self.ready = directory / "alpha.ready.json"
        self.log = directory / "alpha.log"
        self.process = None
        self.url = None

    def start(self):
        self.ready.unlink(missing_ok=True)
        port = str(httpx.URL(self.url).port) if self.url else "0"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "psp", "--port", port, "--ready-file", str(self.ready)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        wait_until(self.ready.exists, 30, "the first connector's simulator")
        self.url = f"http://127.0.0.1:{json.loads(self.ready.read_text())['port']}"

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def profile(self, document):
        answer = httpx.put(f"{self.url}/control/profile", json=document, timeout=30)
        assert answer.status_code == 200, answer.text


class Routed:
    """A gateway whose merchants try `alpha` first, then `beta`."""

    def __init__(self, demo, alpha, settings=""):
        self.demo = demo
        self.alpha = alpha
        alpha.start()
        demo.start("psp")
        self.file = demo.directory / "millrace.yaml"
        self.base = self.file.read_text()
        self.settings = settings
        demo.give_operator()
        self.base += self.file.read_text()[len(self.base) :]
        self.configure(["alpha", "beta"], ["alpha", "beta"])
        demo.start("gateway")

    def configure(self, connectors, route):
        urls = {"alpha": self.alpha.url, "beta": self.demo.psp_url}
        text = self.base.replace("    fee_basis_points:", f"    route: [{', '.join(route)}]\n    fee_basis_points:")
        text += self.settings + "connectors:\n"
        text += "".join(f"  - {{name: {name}, url: '{urls[name]}', deadline: 1s}}\n" for name in connectors)
        self.file.write_text(text)

    def restart(self, connectors, route):
        """A stop in order, and a start with other connectors or another route."""
        assert self.demo.stop_gateway() == 0
        self.configure(connectors, route)
        self.demo.start("gateway")

    def pay(self, status=201, **changes):
        with self.demo.client() as api:
            answer = api.post("/v1/payments", json=payment(**changes), headers=key())
        assert answer.status_code == status, answer.text
        # One that failed is the payment inside a problem document.
        return answer.json().get("payment", answer.json())

    def post(self, path, status=200, **body):
        with self.demo.client() as api:
            answer = api.post(path, json=body, headers=key())
        assert answer.status_code == status, answer.text
        return answer.json()

    def read(self, created):
        with self.demo.client() as api:
            return api.get(f"/v1/payments/{created['id']}").json()

    def becomes(self, created, status):
        return wait_until(lambda: (read := self.read(created))["status"] == status and read, 60, f"{created['id']} to be {status}")

    def event(self, connector, kind, created, **changes):
        body = {"id": f"evt_{unique()}", "provider": connector, "type": kind, "payment_id": created["id"]} | changes
        with self.demo.client(merchant=None) as operator:
            operator.headers["authorization"] = f"Bearer {self.demo.operator_secret}"
            return operator.post("/v1/provider_events", json=body)

    def moved(self, connector, created):
        """What the connector's PSP executed of the payment: (operation, amount), each once."""
        url = self.alpha.url if connector == "alpha" else self.demo.psp_url
        text = httpx.get(f"{url}/oracle/charges", params={"reference": created["id"]}, timeout=60).text
        lines = [json.loads(line) for line in text.splitlines()]
        assert all(line["executions"] == 1 for line in lines), lines
        return sorted((line["operation"], line["amount"]) for line in lines)

    def failovers(self):
        return self.demo.metrics()["millrace_failovers_total"]

    def end(self):
        """A stop in order, and sound books; the postings."""
        assert self.demo.stop_gateway() == 0
        return books_are_sound(self.demo)


@pytest.fixture
def routes(bare_demo, tmp_path):
    """Starts a gateway with two connectors, with these lines added to its configuration."""
    alpha = Alpha(tmp_path)
    try:
        yield lambda settings="": Routed(bare_demo, alpha, settings)
    finally:
        bare_demo.stop()
        alpha.stop()


@pytest.fixture
def routed(routes):
    return routes()


def attempts(created):
    return [(attempt["number"], attempt["connector"], attempt["result"]) for attempt in created["attempts"]]


# The next connector tries


@pytest.mark.parametrize("code,category", [("processing_error", "soft_technical"), ("currency_not_supported", "configuration")])
def test_a_decline_that_allows_it_goes_to_the_next_connector(routed, code, category):
    routed.alpha.profile(declines(code))
    created = routed.pay(amount=4_200)
    assert attempts(created) == [(1, "alpha", "declined"), (2, "beta", "succeeded")]
    decline = created["attempts"][0]["decline"]
    assert (decline["standard_code"], decline["class"]) == (code, category)
    with routed.demo.client() as api:
        entries = api.get(f"/v1/payments/{created['id']}/timeline").json()["entries"]
    ended = next(entry for entry in entries if entry["type"] == "attempt.ended")
    assert (ended["attempt"], ended["connector"], ended["next_connector"]) == (1, "alpha", "beta")
    finished = entries[-1]
    assert (finished["type"], finished["attempt"], finished["connector"]) == ("operation.finished", 2, "beta")
    assert routed.moved("alpha", created) == []
    assert routed.moved("beta", created) == [("authorize", 4_200), ("capture", 4_200)]
    # What follows goes to the connector that has it.
    routed.post(f"/v1/payments/{created['id']}/refunds", 201, amount=200)
    assert ("refund", 200) in routed.moved("beta", created)

    rows = routed.end()
    assert booked(rows, "assets:psp:receivable:2") == 4_000 and booked(rows, "assets:psp:receivable:1") == 0
    records = records_of(routed, created)
    kinds = [record["kind"] for record in records]
    assert kinds[:3] == ["payment_created", "attempt_ended", "operation_finished"], kinds
    assert (records[1]["attempt"], records[1]["connector"], records[1]["next_connector"]) == (1, 1, 2)


def records_of(routed, created):
    """The journal's records of a payment, of a gateway that is stopped."""
    dump = run("journal", "dump", routed.demo.directory / "data", status=0).stdout
    records = [json.loads(line) for line in dump.splitlines() if created["id"] in line]
    return [record for record in records if record.get("payment") == created["id"]]


def test_a_connector_that_refuses_connections_is_passed_over(routed):
    routed.alpha.stop()
    created = routed.pay(amount=4_300)
    assert attempts(created) == [(1, "alpha", "not_executed"), (2, "beta", "succeeded")]
    assert created["attempts"][0]["reason"] == "connection_failed"
    assert routed.moved("beta", created) == [("authorize", 4_300), ("capture", 4_300)]
    routed.alpha.start()
    assert routed.moved("alpha", created) == []
    # It is tried again for each payment.
    back = wait_until(lambda: "attempts" not in (paid := routed.pay(amount=4_400)) and paid, 30, "a payment at the first connector")
    assert routed.moved("beta", back) == []
    routed.end()


def test_a_connector_that_says_it_is_overloaded_is_passed_over(routed):
    routed.alpha.profile({"error_rate": 1, "error_executed_share": 0})
    created = routed.pay(amount=4_500)
    assert attempts(created) == [(1, "alpha", "not_executed"), (2, "beta", "succeeded")]
    assert created["attempts"][0]["reason"] == "overloaded"
    assert routed.moved("alpha", created) == []
    assert routed.moved("beta", created) == [("authorize", 4_500), ("capture", 4_500)]
    routed.end()


def test_the_last_connectors_decline_is_the_payments(routed):
    routed.alpha.profile(declines("processing_error"))
    routed.demo.profile(declines("do_not_honor"))
    created = routed.pay(402, amount=4_600)
    assert created["status"] == "failed" and attempts(created) == [(1, "alpha", "declined"), (2, "beta", "declined")]
    assert [attempt["decline"]["standard_code"] for attempt in created["attempts"]] == ["processing_error", "do_not_honor"]
    assert routed.moved("alpha", created) == routed.moved("beta", created) == []
    routed.end()


# No other connector tries


@pytest.mark.parametrize("code", ["insufficient_funds", "stolen_card", "do_not_honor", "incorrect_cvc", "authentication_required"])
def test_other_declines_are_final(routed, code):
    routed.alpha.profile(declines(code))
    created = routed.pay(402, amount=4_700)
    assert created["status"] == "failed" and "attempts" not in created
    assert created["decline"]["standard_code"] == code
    assert routed.failovers() == 0 and routed.moved("beta", created) == []
    routed.end()


def test_a_lost_answer_is_asked_about_and_not_tried_elsewhere(routed):
    routed.alpha.profile({"drop_rate": 1, "drop_modes": {"reset": 1}})
    created = routed.becomes(routed.pay(202, amount=4_800), "captured")
    assert "attempts" not in created and routed.failovers() == 0
    assert routed.moved("alpha", created) == [("authorize", 4_800), ("capture", 4_800)]
    assert routed.moved("beta", created) == []
    routed.end()


def test_what_may_be_on_its_way_is_given_up_and_not_tried_elsewhere(routes):
    routed = routes("payments: {abandon_after: 2s}\n")
    # Reset before it was executed: the gateway cannot know that, and is kept from asking under the same key with success.
    routed.alpha.profile({"reset_rate": 1})
    created = routed.pay(202, amount=4_900)
    wait_until(lambda: routed.demo.metrics()["millrace_payments_abandoned_total"] == 1, 60, "the end of its patience")
    routed.alpha.profile(CLEAN)
    ended = routed.becomes(created, "failed")
    assert ended["failure"]["reason"] == "abandoned"
    assert "attempts" not in ended and routed.failovers() == 0
    assert routed.moved("alpha", ended) == routed.moved("beta", ended) == []
    routed.end()


@pytest.mark.parametrize("advice", ["do_not_try_again", "try_again_later", "confirm_card_data"])
def test_advice_forbids_what_the_class_would_allow(routed, advice):
    created = routed.pay(402, amount=4_650, payment_method=f"tok_decline_processing_error_{advice}")
    assert created["status"] == "failed" and "attempts" not in created
    assert (created["decline"]["class"], created["decline"]["advice"]) == ("soft_technical", advice)
    assert routed.read(created)["decline"]["advice"] == advice
    assert routed.failovers() == 0
    # Without advice both connectors decline it.
    tried = routed.pay(402, amount=4_660, payment_method="tok_decline_processing_error")
    assert attempts(tried) == [(1, "alpha", "declined"), (2, "beta", "declined")] and "advice" not in tried["decline"]
    routed.end()


# Return data


def test_what_a_shopper_brings_back_reaches_the_provider_also_after_a_kill(routed):
    created = routed.pay(amount=4_700, payment_method="tok_redirect_return")
    assert created["status"] == "requires_action"
    path, data = f"/v1/payments/{created['id']}/confirm", created["next_action"]["url"].rsplit("/", 1)[1]
    assert routed.post(path)["status"] == "requires_action"
    # Reset before it arrives, so that only the call that is sent again can bring it.
    routed.alpha.profile({"reset_rate": 1})
    assert routed.post(path, 202, return_data=data)["status"] == "processing"
    routed.demo.kill_gateway()
    routed.alpha.profile(CLEAN)
    routed.demo.start("gateway")
    done = routed.becomes(created, "captured")
    assert routed.moved("alpha", created) == [("authorize", 4_700), ("capture", 4_700)]
    with routed.demo.client() as api:
        timeline = api.get(f"/v1/payments/{created['id']}/timeline").text
    assert "return_data" not in timeline and data not in json.dumps(done)
    wrong = routed.pay(amount=4_800, payment_method="tok_redirect_return")
    assert routed.post(f"/v1/payments/{wrong['id']}/confirm", 402, return_data="state=1")["decline"]["psp_code"] == "action_failed"
    for log in routed.demo.directory.glob("*.log"):
        assert data not in log.read_text() and "state=1" not in log.read_text(), log
    routed.end()


# Events


def test_an_event_of_another_connector_books_nothing(routed):
    routed.alpha.profile(SOFT)
    created = routed.pay(amount=5_000)
    before = routed.demo.trial_balance()
    for connector, status, code in (("alpha", 409, "connector_mismatch"), ("gamma", 422, "connector_unknown")):
        answer = routed.event(connector, "settlement.matched", created, amount=5_000, fee=0)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert routed.demo.trial_balance() == before
    assert routed.event("beta", "settlement.matched", created, amount=5_000, fee=0).status_code == 200
    rows = routed.end()
    assert booked(rows, "assets:psp:receivable") == 0


def test_success_that_an_earlier_connector_reports_after_all_is_an_alarm_and_in_suspense(routed):
    routed.alpha.profile(SOFT)
    created = routed.pay(amount=5_050)
    for kind in ("authorization.succeeded", "capture.succeeded"):
        answer = routed.event("alpha", kind, created, amount=5_050, psp_reference="ch_late")
        assert answer.status_code == 200 and answer.json()["payment_status"] == "captured", answer.text
    assert routed.demo.metrics()["millrace_double_executions_total"] == 1
    read = routed.read(created)
    assert read["attempts"][0]["executed_after_all"] is True and read["amount_captured"] == 5_050
    routed.demo.kill_gateway()
    routed.demo.start("gateway")
    assert routed.read(created) == read
    assert routed.event("alpha", "authorization.succeeded", created, amount=5_050, psp_reference="ch_late").json()["effect"] == "none"
    # An operator has it returned.
    too_much = routed.event("alpha", "money.reclassified", created, amount=5_051, to="psp:receivable")
    assert too_much.json()["code"] == "event_amount_mismatch"
    assert routed.event("alpha", "money.unexplained", created, amount=5_000, taken=True).status_code == 200
    rows = routed.end()
    assert booked(rows, "liabilities:suspense:1") == -50 and booked(rows, "assets:psp:receivable:1") == 50
    assert booked(rows, "assets:psp:receivable:2") == 5_050


# The registry


def test_numbers_stay_when_the_list_is_in_another_order(routed):
    routed.alpha.profile(SOFT)
    first = routed.pay(amount=5_100, capture=False)
    routed.restart(["beta", "alpha"], ["beta", "alpha"])
    assert attempts(routed.read(first)) == [(1, "alpha", "declined"), (2, "beta", "succeeded")]
    routed.post(f"/v1/payments/{first['id']}/capture")
    assert routed.moved("beta", first) == [("authorize", 5_100), ("capture", 5_100)]
    # The new order is that of new payments.
    second = routed.pay(amount=5_200)
    assert "attempts" not in second and ("capture", 5_200) in routed.moved("beta", second)
    rows = routed.end()
    assert booked(rows, "assets:psp:receivable:2") == 10_300 and booked(rows, "assets:psp:receivable:1") == 0


def test_payments_of_a_connector_that_was_removed_wait_for_its_return(routed):
    held, refundable = routed.pay(amount=5_300, capture=False), routed.pay(amount=5_400)
    routed.restart(["beta"], ["beta"])
    assert routed.read(held)["status"] == "authorized" and routed.read(refundable)["status"] == "captured"
    # What comes now is paid at the connector that is left.
    other = routed.pay(amount=5_500)
    assert ("capture", 5_500) in routed.moved("beta", other)
    # A call that cannot be sent was certainly not executed.
    refused = routed.post(f"/v1/payments/{held['id']}/capture", 502)
    assert refused["code"] == "payment_not_executed" and routed.read(held)["status"] == "authorized"
    assert routed.moved("alpha", held) == [("authorize", 5_300)] and routed.moved("beta", held) == []
    # Its events are still its own.
    assert routed.event("beta", "settlement.matched", refundable, amount=5_400, fee=0).json()["code"] == "connector_mismatch"
    assert routed.event("alpha", "settlement.matched", refundable, amount=5_400, fee=0).status_code == 200
    routed.restart(["beta", "alpha"], ["alpha"])
    routed.post(f"/v1/payments/{held['id']}/capture")
    assert routed.moved("alpha", held) == [("authorize", 5_300), ("capture", 5_300)]
    rows = routed.end()
    assert booked(rows, "assets:psp:receivable:1") == 5_300 and booked(rows, "assets:psp:receivable:2") == 5_500


# Kills


def test_a_kill_between_the_attempts_executes_each_payment_once(routed):
    """The second connector is slow, so that the process ends while it works."""
    routed.alpha.profile(SOFT)
    routed.demo.profile({"preset": "clean", "latency": {"kind": "fixed", "ms": 250}})
    requests = []
    for number in range(KILLS):
        body, headers = payment(amount=1_000 + number), key()
        requests.append((body, headers))
        before = routed.failovers()

        def pay(body=body, headers=headers):
            try:
                with routed.demo.client() as api:
                    api.post("/v1/payments", json=body, headers=headers)
            except httpx.HTTPError:
                pass

        thread = threading.Thread(target=pay)
        thread.start()
        wait_until(lambda before=before: routed.failovers() > before, 30, "the second attempt")
        routed.demo.kill_gateway()
        thread.join()
        routed.demo.start("gateway")
    routed.demo.profile(CLEAN)
    for body, headers in requests:
        created, _ = ended(routed, body, headers)
        assert [attempt["connector"] for attempt in created["attempts"]] == ["alpha", "beta"]
    assert routed.demo.trial_balance()["balanced"]
    routed.end()


def test_a_kill_in_each_write_of_a_payment_with_two_attempts(routed, tmp_path):
    """A write of the log kills the process: before and after the records of the payment, of its first attempt's end, and of its end."""
    needs("strace")
    routed.alpha.profile(SOFT)
    requests = []
    for number in range(12):
        assert routed.demo.stop_gateway() == 0
        inject = f"inject=pwrite64:signal=SIGKILL:when={2 + number}"
        # The segments that are there: one in use, and one that is prepared already.
        segments = sorted((routed.demo.directory / "data").glob("log-*/*.journal"))
        where = [argument for segment in segments for argument in ("-P", str(segment))]
        server = routed.demo.serve(*strace(tmp_path / f"trace-{number}", *where, "-e", "trace=pwrite64", "-e", inject))
        wait_until(lambda server=server: server.poll() is not None or routed.demo.is_ready(), 60, "readiness")
        while server.poll() is None:
            assert len(requests) < 500, "no write was met"
            body, headers = payment(amount=1_000 + len(requests)), key()
            requests.append((body, headers))
            try:
                with routed.demo.client() as api:
                    api.post("/v1/payments", json=body, headers=headers)
            except httpx.HTTPError:
                server.wait(30)
        assert server.returncode == -9
        routed.demo.start("gateway")
    assert len(requests) >= 6, "every start died before it took a payment"
    made = 0
    for body, headers in requests:
        _, moved = ended(routed, body, headers)
        made += bool(moved)
    assert made > 0
    assert routed.demo.trial_balance()["balanced"]
    routed.end()


def test_a_demo_with_two_connectors(tmp_path):
    demo = Demo(tmp_path, arguments=["--connectors", "2"])
    try:
        demo.start()
        demo.profile(SOFT)
        with demo.client() as api:
            created = api.post("/v1/payments", json=payment(amount=6_000), headers=key()).json()
        assert attempts(created) == [(1, "alpha", "declined"), (2, "beta", "succeeded")]
        assert demo.oracle(created["id"]) == []
        second = demo.document["second_psp_url"]
        lines = httpx.get(f"{second}/oracle/charges", params={"reference": created["id"]}).text.splitlines()
        assert [json.loads(line)["operation"] for line in lines] == ["authorize", "capture"]
        demo.stop()
        # Both come back where they were, also without the option.
        demo.arguments = []
        demo.start()
        assert demo.document["second_psp_url"] == second
        refused = run("demo", "--data", demo.directory, "--connectors", "1")
        assert refused.returncode == 78 and "made for 2 connectors" in refused.stderr
    finally:
        demo.stop()


def test_the_connectors_of_a_demo_resolve_by_different_means(tmp_path):
    """Alpha is asked what became of a capture. Beta does not tell: it is sent the same capture under the same key."""
    demo = Demo(tmp_path, arguments=["--connectors", "2"])
    lost = {"drop_rate": 1, "drop_modes": {"reset": 1}, "drop_first_only": True}
    try:
        demo.start()
        second = demo.document["second_psp_url"]

        def capture(psp, profile):
            demo.profile(profile)
            with demo.client() as api:
                created = api.post("/v1/payments", json=payment(capture=False), headers=key()).json()
                assert httpx.put(f"{psp}/control/profile", json=lost).status_code == 200
                answer = api.post(f"/v1/payments/{created['id']}/capture", json={}, headers=key())
                assert answer.status_code == 202, answer.text

                def is_captured():
                    return api.get(f"/v1/payments/{created['id']}").json()["status"] == "captured"

                wait_until(is_captured, 60, "the capture to be resolved")
            assert httpx.put(f"{psp}/control/profile", json=CLEAN).status_code == 200
            lines = httpx.get(f"{psp}/oracle/charges", params={"reference": created["id"]}).text.splitlines()
            assert all(json.loads(line)["executions"] == 1 for line in lines), lines
            return httpx.get(
                f"{psp}/v1/operations",
                params={"key": f"{created['id']}-capture-1-1"},
                headers={"authorization": "Bearer sk_sim_development"},
            )

        asked = capture(demo.psp_url, CLEAN)
        assert asked.status_code == 200 and asked.json()["outcome"] == "succeeded"
        asked = capture(second, SOFT)
        assert asked.status_code == 400 and asked.json()["error"]["code"] == "query_not_supported"
        assert demo.trial_balance()["balanced"]
    finally:
        demo.stop()


def ended(routed, body, headers):
    """The payment when it has ended, and what the second connector executed of it: all, once, or nothing, as its status says."""
    answer = wait_until(lambda: final(routed, body, headers), 120, "the end of the payment")
    created = answer.json().get("payment", answer.json())
    assert routed.moved("alpha", created) == []
    moved = routed.moved("beta", created)
    assert moved in ([], [("authorize", body["amount"]), ("capture", body["amount"])])
    assert created["status"] == ("captured" if moved else "failed"), created
    return created, moved


def final(routed, body, headers):
    with routed.demo.client() as api:
        answer = api.post("/v1/payments", json=body, headers=headers)
    return answer if answer.status_code in (200, 201, 402, 502) else None
