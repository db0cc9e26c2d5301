"""A greedy merchant, as a process of its own: it asks for one thing as fast as it is answered, whatever the answers are.

    greedy.py HOST PORT CA API_KEY KIND

It prints `refused CODE` when it was refused for the first time. When its input ends it stops, and prints as JSON how often it
got each answer, and what each refusal said in `Retry-After`. It speaks HTTP/1.1 by itself, so that little of the machine is its.
"""

import asyncio
import collections
import json
import ssl
import sys
import uuid

AT_ONCE = 64

# Nobody knows its outcome for ten minutes.
PAYMENT = {"amount": 100, "currency": "EUR", "payment_method": "tok_bank_debit_succeeds_600s"}
ASKED = {
    "unknown": ("POST", "/v1/payments", PAYMENT),
    "wallets": ("POST", "/v1/wallets", {"currency": "EUR", "reference": "greedy"}),
    "quotes": ("POST", "/v1/fx/quotes", {"sell_currency": "EUR", "sell_amount": 1_000, "buy_currency": "USD"}),
    "ledger": ("GET", "/v1/ledger/entries?limit=100", None),
}


class Greedy:
    def __init__(self, host, port, context, api_key, kind):
        self.address = {"host": host, "port": port, "ssl": context}
        method, path, body = ASKED[kind]
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", f"Authorization: Bearer {api_key}"]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}", "Idempotency-Key: %s"]
        head = "\r\n".join(lines) + "\r\n\r\n"
        self.request = (head.encode() + content, body is not None)
        self.answers = collections.Counter()
        self.retry_after = collections.defaultdict(set)
        self.stopped = asyncio.Event()

    async def ask(self, reader, writer):
        request, has_key = self.request
        writer.write(request % str(uuid.uuid4()).encode() if has_key else request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(fields["content-length"]))
        code = head[0].split()[1]
        if int(code) >= 400:
            code = json.loads(body)["code"]
            if not self.retry_after:
                print(f"refused {code}", flush=True)
            self.retry_after[code].add(fields.get("retry-after", ""))
        self.answers[code] += 1

    async def go_on(self):
        reader, writer = await asyncio.open_connection(**self.address)
        while not self.stopped.is_set():
            await self.ask(reader, writer)
        writer.close()

    async def run(self):
        # The input has nothing to read until the other end closes it.
        asyncio.get_running_loop().add_reader(sys.stdin, self.stopped.set)
        await asyncio.gather(*(self.go_on() for _ in range(AT_ONCE)))
        waits = {code: sorted(values) for code, values in self.retry_after.items()}
        print(json.dumps({"answers": self.answers, "retry_after": waits}), flush=True)


def main(host, port, ca, api_key, kind):
    context = ssl.create_default_context(cafile=ca)
    asyncio.run(Greedy(host, int(port), context, api_key, kind).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
