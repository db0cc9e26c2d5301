"""Operators and merchants at one gateway: what is reported of payments, and reported again after every restart."""

import httpx
import money
from gateway import key, payment, run, unique

SETTINGS = """
provider: {deadline: 1s, dispute_fees: {EUR: 1500}}
operators:
  - name: ops
    api_keys: ["%s"]
"""


def balance(api, currency="EUR"):
    """(pending, available, reserve) of the merchant."""
    document = api.get("/v1/balance").json()

    def amount(name):
        return next((line["amount"] for line in document[name] if line["currency"] == currency), 0)

    return amount("pending"), amount("available"), amount("reserve")


class OperatedDemo:
    """A demo with an operator's key; `reported` keeps every event that was applied, with its answer."""

    def __init__(self, demo, settings=SETTINGS):
        made = run("keys", "new", "--operator", status=0).stdout.split()
        self.secret = next(word for word in made if word.startswith("ok_"))
        digest = next(word for word in made if word.startswith("sha256:"))
        self.demo = demo
        self.reported = []
        self.clients = []
        demo.start("psp")
        demo.configure(settings % digest)
        demo.start("gateway")
        self.connect()

    def connect(self):
        for client in self.clients:
            client.close()
        self.merchant, self.other_merchant = self.demo.client(0), self.demo.client(1)
        self.operator = self.demo.client(merchant=None, threads=True)
        self.operator.headers["authorization"] = f"Bearer {self.secret}"
        self.clients = [self.merchant, self.other_merchant, self.operator]

    def restart(self):
        """kill -9, and again."""
        self.demo.kill_gateway()
        self.demo.start("gateway")
        self.connect()

    def sale(self, token="tok_visa", status=201, **changes):
        """A payment of 100.00, of which the merchant has 99.50."""
        answer = self.merchant.post("/v1/payments", json=payment(amount=10_000, payment_method=token, **changes), headers=key())
        assert answer.status_code == status, answer.text
        return answer.json().get("payment", answer.json())

    def settled(self):
        created = self.sale()
        self.report("settlement.matched", created, amount=10_000, fee=120)
        return created

    def read(self, created):
        return self.merchant.get(f"/v1/payments/{created['id']}").json()

    def post(self, path, status=200, **body):
        answer = self.merchant.post(path, json=body, headers=key())
        assert answer.status_code == status, answer.text
        return answer.json()

    def refund(self, created, status=201, **body):
        return self.post(f"/v1/payments/{created['id']}/refunds", status, **body)

    def event(self, kind, created, **changes):
        event = {"id": f"evt_{unique()}", "provider": "simulated", "type": kind, "payment_id": created["id"]}
        return event | changes

    def send(self, event):
        return self.operator.post("/v1/provider_events", json=event)

    def report(self, kind, created, **changes):
        """An event that is applied; its answer."""
        event = self.event(kind, created, **changes)
        answer = self.send(event)
        assert answer.status_code == 200, f"{event}: {answer.text}"
        self.reported.append((event, answer.content))
        body = answer.json()
        assert (body["id"], body["type"], body["payment_id"]) == (event["id"], kind, created["id"])
        assert body["payment_status"] == self.read(created)["status"]
        assert body["available_negative"] == (balance(self.merchant)[1] < 0)
        return body

    def refused(self, kind, created, code, **changes):
        """An event that is refused: nothing is booked, the payment is as it was, and nothing is kept of the event."""
        before, payment_before = self.demo.trial_balance(), self.read(created)
        event = self.event(kind, created, **changes)
        for _ in range(2):
            answer = self.send(event)
            assert answer.status_code == 409 and answer.json()["code"] == code, answer.text
            assert "idempotent-replayed" not in answer.headers
        assert self.demo.trial_balance() == before and self.read(created) == payment_before
        return answer.json()

    def report_all_again(self):
        """Every event so far, answered byte for byte, and without effect."""
        before = self.demo.trial_balance()
        for event, content in self.reported:
            answer = self.send(event)
            assert answer.status_code == 200 and answer.content == content, f"{event}: {content} became {answer.content}"
            assert answer.headers["idempotent-replayed"] == "true"
        assert self.demo.trial_balance() == before

    def end(self):
        """A kill -9, then a stop in order: the same answers after it, and sound books. The postings."""
        before = [balance(self.merchant), balance(self.other_merchant), self.demo.trial_balance()]
        self.restart()
        assert [balance(self.merchant), balance(self.other_merchant), self.demo.trial_balance()] == before
        self.report_all_again()
        for client in self.clients:
            client.close()
        assert self.demo.stop_gateway() == 0
        rows = money.books_are_sound(self.demo)
        self.demo.start("gateway")
        self.connect()
        assert [balance(self.merchant), balance(self.other_merchant), self.demo.trial_balance()] == before
        self.report_all_again()
        return rows


class Change:
    """What a merchant's balance became since."""

    def __init__(self, api):
        self.api = api
        self.before = balance(api)

    def now(self):
        return tuple(after - before for before, after in zip(self.before, balance(self.api), strict=True))


def booked(rows, account):
    """The balance of all accounts that begin so, in EUR."""
    return sum(int(row["amount_minor"]) for row in rows if row["account"].startswith(account) and row["currency"] == "EUR")


def moved(operated, created):
    lines = operated.demo.oracle(created["id"])
    assert all(line["executions"] == 1 for line in lines), lines
    return sorted((line["operation"], line["amount"]) for line in lines)


def at_provider(operated, path, **parameters):
    answer = httpx.get(f"{operated.demo.psp_url}{path}", params=parameters, headers={"authorization": "Bearer sk_sim_test"})
    assert answer.status_code == 200, answer.text
    return answer.json()
