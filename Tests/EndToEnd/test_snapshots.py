"""Snapshots every second, and payments that leave memory at once: kills lose nothing, starts use them, cold payments answer."""

import random
import re
import time

from gateway import finish, key, payment, wait_until

SEED = 815
KILLS = 6
SETTINGS = """
shards: 2
journal:
  segment_bytes: 2MiB
  snapshot: {interval: 1s, journal_bytes: 1MiB, payments: 1000, bytes_per_second: 0}
payments: {cold_after: 0s}
"""


def test_kills_between_and_during_snapshots(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    moments = random.Random(SEED)
    expectations = tmp_path / "load.expectations"
    positions = []
    for number in range(KILLS):
        load = demo.load("crash", "--seed", SEED + number, "--journal", expectations, "--no-audit")
        written = demo.metrics()["millrace_snapshots_total"]
        wait_until(lambda written=written: demo.metrics()["millrace_snapshots_total"] > written, 30, "a snapshot")
        time.sleep(moments.uniform(0.0, 1.2))
        demo.kill_gateway()
        demo.start("gateway")
        finish(load)
        demo.audit(expectations)
        found = re.findall(r"snapshot_position=(\d+)", (demo.directory / "gateway.log").read_text())
        positions.append(max(int(position) for position in found[-2:]))
    print(f"started from {positions}")
    assert all(position > 0 for position in positions) and positions[-1] > positions[0]
    assert demo.metrics()["millrace_payments_cold"] > 0
    assert demo.trial_balance()["balanced"]
    assert demo.stop_gateway() == 0
    demo.verify_journals()


def test_a_cold_payment_answers_as_a_warm_one(configured_demo):
    demo = configured_demo(SETTINGS)
    with demo.client() as api:
        header, body = key(), payment(amount=1000)
        made = api.post("/v1/payments", json=body, headers=header)
        path = f"/v1/payments/{made.json()['id']}"
        warm = api.get(path).json()
        wait_until(lambda: demo.metrics()["millrace_payments_cold"] == 1, 30, "the payment to leave memory")
        assert api.get(path).json() == warm
        assert demo.metrics()["millrace_cold_loads_total"] == 1
        # A snapshot is taken when something was recorded: another payment.
        assert api.post("/v1/payments", json=body, headers=key()).status_code == 201
        wait_until(lambda: demo.metrics()["millrace_payments_cold"] == 2, 30, "the payments to leave memory")
        refund = api.post(f"{path}/refunds", json={"amount": 300}, headers=key())
        assert refund.status_code == 201
        wait_until(lambda: demo.metrics()["millrace_payments_cold"] == 2, 30, "the refunded payment to leave memory")
        demo.kill_gateway()
        demo.start("gateway")
        assert demo.metrics()["millrace_payments_cold"] == 2
    with demo.client() as api:
        again = api.post("/v1/payments", json=body, headers=header)
        assert again.content == made.content and again.headers["idempotent-replayed"] == "true"
        assert api.get(f"/v1/refunds/{refund.json()['id']}").json()["status"] == "succeeded"
        assert api.get(path).json()["amount_refunded"] == 300
        assert api.post(f"{path}/refunds", json={"amount": 800}, headers=key()).status_code == 422
    with demo.client(merchant=1) as api:
        assert api.get(path).status_code == 404
