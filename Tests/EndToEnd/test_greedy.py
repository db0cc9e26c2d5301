"""One merchant takes all that it may of a table that it shares with others. A neighbour of the same shard, at a modest rate, meets
no error; how long its answers took is printed."""

import asyncio
import contextlib
import json
import select
import ssl
import subprocess
import sys
import time
from pathlib import Path

import contract
import httpx
import money
import pytest
from gateway import key, payment

# Few of everything, so that a greedy merchant has its share within a second or two.
UNKNOWN = """
shards: 1
provider: {max_in_flight_per_loop: 64}
payments: {waiting_per_shard: 1024, resolutions_per_shard: 16}
"""
# The table empties by snapshots, which are slow here. 3,584 keys of a merchant, and 384 for its neighbours.
KEYS = """
shards: 1
idempotency: {capacity_per_shard: 4096}
journal: {snapshot: {bytes_per_second: 256KiB}}
"""
# 655 quotes of a merchant.
QUOTES = (
    """
shards: 1
limits: {merchant_share_percent: 1}
"""
    + money.EXCHANGE
)
READS = """
shards: 1
"""
GREEDY, NEIGHBOUR = 0, 1
RATE, SECONDS = 20, 4

PAY = ("POST", "/v1/payments", payment())
OPEN_WALLET = ("POST", "/v1/wallets", {"currency": "EUR", "reference": "honest"})
QUOTE = ("POST", "/v1/fx/quotes", {"sell_currency": "EUR", "sell_amount": 1_000, "buy_currency": "USD"})
ENTRIES = ("GET", "/v1/ledger/entries?limit=20", None)
BALANCE = ("GET", "/v1/balance", None)


@contextlib.contextmanager
def greedy(demo, kind):
    """A greedy merchant that has its share already; afterwards it tells what it was answered."""
    url = httpx.URL(demo.base_url)
    program = [sys.executable, Path(__file__).with_name("greedy.py"), url.host, url.port, demo.ca_cert, demo.api_keys[GREEDY], kind]
    with subprocess.Popen([str(word) for word in program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = {"refused": line(process).split()[-1]}
            yield told
            process.stdin.close()
            told.update(json.loads(line(process)))
        finally:
            process.kill()


def line(process, seconds=60):
    """The next line that a process prints, in time."""
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    text = process.stdout.readline() if ready else ""
    assert text, f"the greedy merchant said nothing in {seconds} s: it was not refused, or it ended"
    return text


class Neighbour:
    """Asks at a fixed rate, whatever the answers are: what it measures counts from when a request was due."""

    def __init__(self, demo, asked):
        self.demo = demo
        self.asked = asked
        self.milliseconds = []
        self.errors = []

    async def ask(self, client, number, due):
        method, path, body = self.asked[number % len(self.asked)]
        try:
            answer = await client.request(method, path, json=body, headers=key() if body is not None else {})
            if answer.status_code not in (200, 201):
                self.errors.append((method, path, answer.status_code, answer.text))
        except httpx.HTTPError as error:
            self.errors.append((method, path, repr(error)))
        self.milliseconds.append((time.monotonic() - due) * 1_000)

    async def run(self):
        async with self.client() as client:
            # A connection that is open already is what a merchant has.
            await client.get("/v1/balance")
            loop, tasks, done = asyncio.get_running_loop(), [], asyncio.Event()
            # The loop's clock is the monotonic one.
            start = loop.time()

            def begin(number):
                due = start + number / RATE
                tasks.append(asyncio.ensure_future(self.ask(client, number, due)))
                if number + 1 < RATE * SECONDS:
                    loop.call_at(start + (number + 1) / RATE, begin, number + 1)
                else:
                    done.set()

            begin(0)
            await done.wait()
            await asyncio.gather(*tasks)

    def client(self):
        with self.demo.client(NEIGHBOUR) as model:
            headers = {"authorization": model.headers["authorization"]}
        context = ssl.create_default_context(cafile=self.demo.ca_cert)
        return httpx.AsyncClient(
            base_url=self.demo.base_url, headers=headers, http2=True, verify=context, timeout=30,
            event_hooks={"response": [contract.check_soon]},
        )  # fmt: skip

    def percentile(self, share):
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@pytest.fixture
def beside(capsys):
    """Runs a neighbour beside a greedy merchant, and prints how that was."""

    def run(demo, kind, asked):
        alone, neighbour = Neighbour(demo, asked), Neighbour(demo, asked)
        with greedy(demo, kind) as told:
            asyncio.run(neighbour.run())
        asyncio.run(alone.run())
        # The figures are shown when the test passes, too.
        with capsys.disabled():
            figures = f"p50 {neighbour.percentile(0.5):.1f} ms, p99 {neighbour.percentile(0.99):.1f} ms"
            print(f"\n{kind}: greedy {told['answers']}; {len(neighbour.errors)} errors of {len(neighbour.milliseconds)}, {figures}; "
                  f"alone p99 {alone.percentile(0.99):.1f} ms")  # fmt: skip
        assert neighbour.errors == [] and len(neighbour.milliseconds) == RATE * SECONDS
        assert alone.errors == []
        # It was refused all the time that the neighbour was there, and each refusal said when to come back.
        assert told["answers"][told["refused"]] > 1, told
        assert all(int(wait) > 0 for waits in told["retry_after"].values() for wait in waits), told
        return told

    return run


def test_unknown_outcomes_of_one_merchant_stop_nobody_else(configured_demo, beside):
    demo = configured_demo(UNKNOWN)
    told = beside(demo, "unknown", [PAY])
    assert set(told["retry_after"]) <= {"merchant_limit_reached"}, told
    assert demo.trial_balance()["balanced"]


def test_keys_and_wallets_of_one_merchant_stop_nobody_else(configured_demo, beside):
    demo = configured_demo(KEYS)
    told = beside(demo, "wallets", [OPEN_WALLET, PAY])
    assert told["retry_after"] == {"idempotency_table_full": ["5"]}, told


def test_quotes_of_one_merchant_stop_nobody_else(configured_demo, beside):
    demo = configured_demo(QUOTES)
    told = beside(demo, "quotes", [QUOTE, PAY])
    assert told["retry_after"] == {"quote_table_full": ["60"]}, told


def test_ledger_reads_of_one_merchant_stop_nobody_else(configured_demo, beside):
    demo = configured_demo(READS)
    for merchant in (GREEDY, NEIGHBOUR):
        with demo.client(merchant) as api:
            for _ in range(120):
                assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    told = beside(demo, "ledger", [ENTRIES, BALANCE, PAY])
    assert told["retry_after"] == {"merchant_limit_reached": ["1"]}, told
