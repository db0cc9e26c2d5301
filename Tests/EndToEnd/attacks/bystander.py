"""An honest merchant: posts payments at a fixed rate and measures from when each was due. A process of its own, so that the
attacker's work is not in its figures.

Usage: bystander.py JSON. It prints "ready" after the first payment, and its figures as JSON when its input ends.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
import uuid

import httpx

PAYMENT = {"amount": 1999, "currency": "EUR", "payment_method": "tok_visa"}
FIRST_ANSWER_SECONDS = 30


class Bystander:
    """The merchant's process, for a test: `with Bystander(demo) as bystander: ...; bystander.figures`."""

    def __init__(self, demo, rate=50, http2=True, fresh=False):
        """`fresh`: each payment over a connection of its own."""
        self.settings = {
            "url": demo.base_url, "ca": str(demo.ca_cert), "key": demo.api_keys[0], "rate": rate, "http2": http2, "fresh": fresh,
        }  # fmt: skip
        self.figures = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), json.dumps(self.settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout.readline() == "ready\n", "the honest merchant's first payment failed"
        return self

    def __exit__(self, *_):
        output, _ = self.process.communicate(timeout=60)
        self.figures = json.loads(output)


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


class Merchant:
    def __init__(self, settings):
        self.settings = settings
        self.context = ssl.create_default_context(cafile=settings["ca"])
        self.latencies = []
        self.errors = []

    def client(self):
        http2 = self.settings["http2"]
        headers = {"authorization": f"Bearer {self.settings['key']}"}
        return httpx.AsyncClient(
            base_url=self.settings["url"], http2=http2, http1=not http2, verify=self.context, headers=headers,
            timeout=FIRST_ANSWER_SECONDS,
        )  # fmt: skip

    async def pay(self, client, due):
        try:
            answer = await client.post("/v1/payments", json=PAYMENT, headers={"idempotency-key": str(uuid.uuid4())})
            if answer.status_code != 201:
                self.errors.append(f"{answer.status_code} {answer.text}")
        except httpx.HTTPError as error:
            self.errors.append(repr(error))
        self.latencies.append(time.monotonic() - due)

    async def pay_afresh(self, due):
        async with self.client() as client:
            await self.pay(client, due)

    async def run(self):
        ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        async with self.client() as client:
            await self.pay(client, time.monotonic())
            if self.errors:
                sys.exit(self.errors[0])
            self.latencies.clear()
            print("ready", flush=True)
            begin, count, payments = time.monotonic(), 0, set()
            while not ended.done():
                due = begin + count / self.settings["rate"]
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                payments.add(asyncio.create_task(self.pay_afresh(due) if self.settings["fresh"] else self.pay(client, due)))
                count += 1
            await asyncio.gather(*payments)
        values = sorted(self.latencies)
        return {
            "payments": len(values), "errors": self.errors,
            "p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "most": values[-1],
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Merchant(json.loads(sys.argv[1])).run())))
