"""The gateway dies at any moment, and the provider loses answers: no payment is lost, doubled or miscounted."""

import random
import time

from gateway import finish, key, payment, wait_until

# A failure can be repeated with its seed; the moments within a run of course depend on the machine.
SEED = 4711
KILLS = 20
# Two shards share each log. Segments of a few hundred batches, so that kills meet the change of segments, too.
SETTINGS = "\nshards: 4\njournal:\n  segment_bytes: 2MiB\n"
# In turn: next to nothing in flight, and a hundred payments that the simulator has executed and not yet answered.
LATENCIES = ({"kind": "fixed", "ms": 0}, {"kind": "lognormal", "p50_ms": 80, "p99_ms": 400})


def requests(demo):
    return demo.metrics()["millrace_requests_total"]


def wait_for_load(demo, load):
    """Returns once requests of `load` arrive."""
    before = requests(demo)

    def flows():
        assert load.poll() is None, f"the load ended at once: {load.communicate()[0]}"
        return requests(demo) > before

    wait_until(flows, 30, "the load")


def test_kill_at_random_moments_under_load(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    moments = random.Random(SEED)
    expectations = [tmp_path / "load.expectations", tmp_path / "witness.expectations"]
    witness = Witness(demo, expectations[1])
    interrupted = 0
    for number in range(KILLS):
        demo.profile({"preset": "clean", "latency": LATENCIES[number % len(LATENCIES)]})
        load = demo.load("crash", "--seed", SEED + number, "--journal", expectations[0], "--no-audit")
        wait_for_load(demo, load)
        moment = moments.uniform(0.05, 0.8)
        time.sleep(moment)
        witness.pay()
        demo.kill_gateway()
        demo.start("gateway")
        witness.compare(witness.seen[-1:])
        finish(load)
        audit = demo.audit(*expectations).stdout.splitlines()
        resolved = demo.metrics()["millrace_operations_resolved_total"]
        interrupted += resolved
        print(f"kill {number + 1} after {moment * 1000:.0f} ms, {resolved:.0f} operations resolved; {audit[0]}")
    witness.compare(witness.seen)
    assert demo.stop_gateway() == 0
    print(demo.verify_journals().stdout)
    # Otherwise the kills hit nothing.
    assert interrupted > KILLS and len(list(demo.directory.glob("data/log-*/*.journal"))) > 8


class Witness:
    """A client that pays just before a kill, and writes what it saw for the audit."""

    def __init__(self, demo, path):
        self.demo = demo
        self.seen = []
        self.path = path
        self.write(f"M 1 {time.time_ns() // 1_000_000} 1 EUR")

    def write(self, line):
        with self.path.open("a") as file:
            file.write(line + "\n")

    def pay(self):
        header, body, number = key(), payment(amount=1), len(self.seen)
        self.write(f"I {number} 0 0 1 0 -")  # A sale of merchant 0, 1 in the first currency, payment unknown.
        with self.demo.client() as api:
            answer = api.post("/v1/payments", json=body, headers=header)
        assert answer.status_code == 201
        self.write(f"A {number} 201 {answer.json()['id']} captured")
        self.seen.append((header, body, answer.content))

    def compare(self, seen):
        """The same request gets the same bytes."""
        with self.demo.client() as api:
            for header, body, content in seen:
                again = api.post("/v1/payments", json=body, headers=header)
                assert again.status_code == 201 and again.content == content
                assert again.headers["idempotent-replayed"] == "true"


def test_lost_answers_double_no_charge_and_every_payment_ends(own_demo, tmp_path):
    journal = tmp_path / "expectations"
    report = finish(own_demo.load("psp-drops", "--journal", journal, "--duration", "10s", "--rate", "300"))
    assert own_demo.metrics()["millrace_operations_unknown_total"] > 0, report
    own_demo.audit(journal)
    assert all(line["executions"] == 1 for line in own_demo.oracle())
    assert own_demo.trial_balance()["balanced"]
