"""A demo of its own for a test: gateway and simulator as users run them, real TLS, sockets and disk."""

import json
import os
import signal
import ssl
import subprocess
import time
import uuid
from pathlib import Path

import contract
import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MILLRACE_BINARY", str(REPOSITORY / ".build/release/millrace"))


def wait_until(condition, seconds=30.0, what="the condition"):
    """Polls until `condition()` is true; fails with `what` when it is not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about within {seconds} s")


def alive(pid):
    try:
        os.kill(pid, 0)
        # A zombie has ended; only its parent has not looked yet.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        # It may end between the two looks.
        return False


class Demo:
    """`millrace demo` in a directory: both processes, or each by itself so that one can be killed and restarted."""

    def __init__(self, directory, merchants=3, arguments=()):
        self.directory = Path(directory)
        self.merchants = merchants
        self.arguments = list(arguments)
        self.processes = {}
        self.loads = []
        self.operator_secret = None

    def start(self, only=None):
        if only == "gateway":
            self.give_operator()
        path = self.directory / "demo.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        started = [f"{part}_pid" for part in ("psp", "gateway") if only in (None, part)]
        ports = self.ports()
        command = [
            BINARY, "demo", "--data", str(self.directory), "--merchants", str(self.merchants),
            "--port", str(ports["port"]), "--admin-port", str(ports["admin"]), "--psp-port", str(ports["psp"]),
            # Two, so that requests and answers cross loops.
            "--loops", "2",
            *self.arguments,
        ]  # fmt: skip
        if only:
            command.append(f"--{only}-only")
        # The child has a descriptor of its own.
        with open(self.directory / f"demo-{only or 'both'}.log", "ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.processes[only or "both"] = process

        def ready():
            if process.poll() is not None:
                raise AssertionError(f"millrace demo ended: {self.logs()}")
            document = json.loads(path.read_text()) if path.exists() else {}
            # The last run's process is named until its successor's launcher has begun.
            return all(document.get(name) and document[name] != before.get(name) for name in started)

        wait_until(ready, 60, "demo.json")
        self.read()
        return self

    def ports(self):
        """Free ports at first, and the same ones at every restart."""
        path = self.directory / "demo.json"
        if not path.exists():
            return {"port": 0, "admin": 0, "psp": 0}
        document = json.loads(path.read_text())
        # A part that has not run yet has no address.
        urls = {"port": "base_url", "admin": "admin_url", "psp": "psp_url"}
        return {name: httpx.URL(document[url]).port if document[url] else 0 for name, url in urls.items()}

    def read(self):
        self.document = json.loads((self.directory / "demo.json").read_text())
        for name in ("base_url", "admin_url", "psp_url", "oracle_url", "ca_cert", "api_keys"):
            setattr(self, name, self.document[name])
        self.gateway_pid = self.document["gateway_pid"]
        self.psp_pid = self.document["psp_pid"]

    def configure(self, text):
        """Adds to the gateway's configuration; for a gateway that has not been started yet."""
        with (self.directory / "millrace.yaml").open("a") as file:
            file.write(text)

    def give_operator(self):
        """An operator for what tests report of the provider, unless the test brings its own."""
        if self.operator_secret is not None or "operators:" in (self.directory / "millrace.yaml").read_text():
            return
        words = run("keys", "new", "--operator", status=0).stdout.split()
        self.operator_secret = next(word for word in words if word.startswith("ok_"))
        digest = next(word for word in words if word.startswith("sha256:"))
        self.configure(f'operators:\n  - name: tests\n    api_keys: ["{digest}"]\n')

    def settle(self, created, amount):
        """The provider has paid so much of a payment."""
        event = {"id": f"evt_{unique()}", "provider": "simulated", "type": "settlement.matched", "payment_id": created["id"]}
        with self.client(merchant=None) as operator:
            operator.headers["authorization"] = f"Bearer {self.operator_secret}"
            answer = operator.post("/v1/provider_events", json={**event, "amount": amount, "fee": 0})
        assert answer.status_code == 200, answer.text

    def logs(self):
        return "\n".join(f"--- {p.name}\n{p.read_text()[-3000:]}" for p in sorted(self.directory.glob("*.log")))

    def kill_gateway(self):
        """kill -9, and waits until it is gone."""
        os.kill(self.gateway_pid, signal.SIGKILL)
        wait_until(lambda: not alive(self.gateway_pid), 30, "the gateway's end")
        process = self.processes.pop("gateway", None)
        if process:
            process.wait(timeout=60)

    def stop_gateway(self):
        """SIGTERM to the launcher of the gateway alone, and waits until both are gone; the launcher's exit status."""
        process = self.processes.pop("gateway")
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=60)

    def stop(self):
        for load in self.loads:
            # Of a test that failed.
            if load.poll() is None:
                load.kill()
                load.wait()
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = {}

    def client(self, merchant=0, http2=True, threads=False, **options):
        """A merchant's client (none: nobody's). Every answer is held to the contract. For several threads it speaks HTTP/1.1, with a
        connection for each: httpcore shares one HTTP/2 connection among threads without a lock, and sends streams out of order."""
        http2 = http2 and not threads
        context = ssl.create_default_context(cafile=self.ca_cert)
        headers = {"authorization": f"Bearer {self.api_keys[merchant]}"} if merchant is not None else {}
        return httpx.Client(
            base_url=self.base_url, headers=headers, http2=http2, http1=not http2, verify=context, timeout=30,
            event_hooks={"response": [contract.check_now]}, **options,
        )  # fmt: skip

    def oracle(self, reference=None):
        parameters = {"reference": reference} if reference else None
        text = httpx.get(self.oracle_url, params=parameters, timeout=60).text
        return [json.loads(line) for line in text.splitlines()]

    def trial_balance(self):
        return httpx.get(f"{self.admin_url}/ledger/trial-balance", timeout=30).json()

    def metrics(self):
        text = httpx.get(f"{self.admin_url}/metrics", timeout=30).text
        sums = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.split("{")[0]
                sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    def profile(self, document):
        response = httpx.put(f"{self.psp_url}/control/profile", json=document, timeout=30)
        assert response.status_code == 200, response.text

    def load(self, scenario, *arguments, demo=True):
        """Starts `millrace load` against this demo, or against what `arguments` say; `finish` it."""
        target = ["--demo", self.directory / "demo.json"] if demo else []
        command = [BINARY, "load", "run", "--scenario", scenario, *target, *arguments]
        load = subprocess.Popen(
            [str(part) for part in command],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.loads.append(load)
        return load

    def audit(self, *journals):
        """`millrace load audit` of all runs in `journals`; fails with what it found."""
        arguments = [part for journal in journals for part in ("--journal", journal)]
        return run("load", "audit", "--demo", self.directory / "demo.json", *arguments, status=0)

    def verify_journals(self):
        """`millrace journal verify` of a data directory that nobody has open."""
        return run("journal", "verify", self.directory / "data", status=0)

    def environment(self, **changes):
        """What a gateway over this directory is told by `millrace demo`."""
        ports = self.ports()
        return {
            **os.environ,
            "MILLRACE_LISTEN_PORT": str(ports["port"]),
            "MILLRACE_ADMIN_PORT": str(ports["admin"]),
            "MILLRACE_PROVIDER_URL": f"http://127.0.0.1:{ports['psp']}",
            **changes,
        }

    def serve(self, *prefix, **environment):
        """`millrace serve` over this directory, without a launcher, under the command `prefix` if any; not waited for."""
        with open(self.directory / "serve.log", "ab") as log:
            process = subprocess.Popen(
                [*map(str, prefix), BINARY, "serve", "--config", str(self.directory / "millrace.yaml")],
                env=self.environment(**environment), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.processes["serve"] = process
        return process

    def is_ready(self):
        try:
            return httpx.get(f"{self.admin_url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def run(*arguments, status=None, timeout=240, **options):
    """Runs a command of the binary to its end; fails with its output unless it exits with `status`."""
    command = [BINARY, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, cwd=REPOSITORY, **options)
    assert status is None or done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def finish(process, timeout=240):
    """Waits for a load to end; fails with its report unless it passed."""
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"the load did not end:\n{process.communicate()[0]}") from None
    assert process.returncode == 0, output
    return output


def unique():
    """32 letters that no other call returns; without digits, which would look like a card number now and then."""
    return uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


def key():
    return {"idempotency-key": str(uuid.uuid4())}


def payment(**changes):
    body = {
        "amount": 1999,
        "currency": "EUR",
        "payment_method": "tok_visa",
        "reference": "order-4711",
        "description": "Two books",
        "metadata": {"basket": "b-17"},
    }
    body.update(changes)
    return {name: value for name, value in body.items() if value is not ...}
