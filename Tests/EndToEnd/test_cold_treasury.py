"""Pay-outs and wallets leave memory with a snapshot, and answer as before, also after a restart."""

import shutil

import httpx
import money
from gateway import key, run, wait_until

COUNT = 40
SETTINGS = """
journal:
  snapshot: {interval: 1s, bytes_per_second: 0}
payments: {cold_after: 0s}
"""


def table(demo, metric, name):
    """The sum over all shards."""
    text = httpx.get(f"{demo.admin_url}/metrics", timeout=30).text
    lines = [line for line in text.splitlines() if line.startswith(metric + "{") and f'table="{name}"' in line]
    assert lines, f"no {metric} of {name}"
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def counts(demo, name):
    return table(demo, "millrace_money_table_entries", name), table(demo, "millrace_money_table_cold", name)


def event(demo, payout, event, **more):
    with demo.client(merchant=None) as operator:
        operator.headers["authorization"] = f"Bearer {demo.operator_secret}"
        return operator.post(f"/v1/payouts/{payout}/events", json={"event": event, **more}, headers=key())


def test_pay_outs_and_wallets_leave_memory_and_answer(configured_demo):
    demo = configured_demo(SETTINGS)
    with demo.client() as api:
        funds = money.fund(demo, api, 50_000)
        wallets = [money.wallet(api, reference=f"customer-{number}") for number in range(COUNT)]
        filled = money.wallet(api, fill=700, settled_by=demo)
        payouts = []
        for _ in range(COUNT):
            made = api.post("/v1/payouts", json={"currency": "EUR", "destination": "ba", "amount": 100}, headers=key())
            assert made.status_code == 201, made.text
            payouts.append(made.json()["id"])
        for payout in payouts[1:]:
            assert event(demo, payout, "paid").status_code == 200
        # One is under way and stays; of wallets the two that were filled leave, too.
        wait_until(lambda: counts(demo, "payouts") == (1, COUNT - 1), 60, "the pay-outs to leave memory")
        wait_until(lambda: counts(demo, "wallets") == (0, COUNT + 2), 60, "the wallets to leave memory")
        before = {path: api.get(path).json() for path in wallets + [filled] + [f"/v1/payouts/{id}" for id in payouts]}
        assert before[filled]["balance"] == 700
    demo.kill_gateway()
    demo.start("gateway")
    with demo.client() as api:
        for path, body in before.items():
            assert api.get(path).json() == body
        assert event(demo, payouts[1], "returned", reason="account_closed").status_code == 200
        assert event(demo, payouts[1], "returned").status_code == 409
        assert money.available(api) == funds - (COUNT - 1) * 100
        assert money.pay(api, filled, 700).status_code == 201
        assert api.get(filled).json()["balance"] == 0
    with demo.client(merchant=1) as api:
        assert api.get(f"/v1/payouts/{payouts[2]}").status_code == 404
        assert api.get(wallets[0]).status_code == 404
        assert money.pay(api, wallets[0], 10).json()["code"] == "wallet_unknown"
    assert demo.stop_gateway() == 0
    money.books_are_sound(demo)


def test_a_backup_holds_what_left_memory(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    data, backup = demo.directory / "data", tmp_path / "backup"
    with demo.client() as api:
        money.fund(demo, api, 5_000)
        paths = [money.wallet(api, reference=f"customer-{number}") for number in range(3)]
        made = api.post("/v1/payouts", json={"currency": "EUR", "destination": "ba", "amount": 100}, headers=key()).json()
        assert event(demo, made["id"], "paid").status_code == 200
        paths.append(f"/v1/payouts/{made['id']}")
        wait_until(lambda: counts(demo, "payouts") == (0, 1), 60, "the pay-out to leave memory")
        wait_until(lambda: counts(demo, "wallets") == (0, 4), 60, "the wallets to leave memory")
        run("journal", "backup", "--data", data, "--to", backup, status=0)
        before = {path: api.get(path).json() for path in paths}
    demo.kill_gateway()
    assert list(backup.glob("shard-*/cold-payouts/*.payouts")) and list(backup.glob("shard-*/cold-wallets/*.wallets"))
    shutil.rmtree(data)
    run("journal", "restore", "--from", backup, "--data", data, status=0)
    demo.start("gateway")
    with demo.client() as api:
        assert {path: api.get(path).json() for path in paths} == before
        assert event(demo, made["id"], "returned", reason="account_closed").status_code == 200
    assert demo.stop_gateway() == 0
    money.books_are_sound(demo)
