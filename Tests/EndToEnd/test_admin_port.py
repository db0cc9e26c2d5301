"""Who asks the admin port cannot stop merchants, and silent connections do not keep operators out."""

import socket
import subprocess
import threading
import time

import httpx
from attacks.siege import Siege
from gateway import finish, wait_until

AUDITORS = 16
SECONDS = 8
PAYMENTS = 20_000


class Auditors:
    """As many clients as can be, each of which reads every payment again and again, or the other reports."""

    PATHS = ("/audit/payments", "/audit/payments", "/audit/payments", "/ledger/trial-balance", "/unresolved?limit=1000", "/metrics")

    def __init__(self, demo):
        self.url = demo.admin_url
        self.stopping = False
        self.bytes = 0
        self.failures = []
        self.threads = [threading.Thread(target=self.read, args=(number,)) for number in range(AUDITORS)]

    def read(self, number):
        # curl, so that reading takes little of the machine.
        address = f"{self.url}{self.PATHS[number % len(self.PATHS)]}"
        command = ["curl", "-s", "-m", "60", "-o", "/dev/null", "-w", "%{http_code} %{size_download}\n", address]
        while not self.stopping:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            status, size = done.stdout.split() if done.returncode == 0 else (f"curl {done.returncode}", "0")
            self.bytes += int(size)
            if status != "200":
                self.failures.append(status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()


def test_auditors_do_not_stop_merchants(own_demo):
    finish(own_demo.load("steady", "--rate", "1000", "--duration", f"{PAYMENTS // 1000}s", "--no-audit"))
    assert own_demo.metrics()["millrace_payments"] > PAYMENTS * 0.9
    with Siege(own_demo, f"{AUDITORS} audits at once"), Auditors(own_demo) as auditors:
        end = time.monotonic() + SECONDS
        health = []
        while time.monotonic() < end:
            began = time.monotonic()
            assert httpx.get(f"{own_demo.admin_url}/healthz", timeout=10).status_code == 200
            health.append(time.monotonic() - began)
    assert not auditors.failures, auditors.failures[:3]
    print(f"{auditors.bytes / 2**20:.1f} MiB of reports; the slowest of {len(health)} health checks took {max(health):.2f} s")
    # The reports go on, though slowly: an operator gets an answer.
    assert auditors.bytes > 1 << 20
    lines = httpx.get(f"{own_demo.admin_url}/audit/payments", timeout=60).text.splitlines()
    assert len(lines) == own_demo.metrics()["millrace_payments"]


def test_silent_connections_keep_no_operator_out(own_demo):
    port = httpx.URL(own_demo.admin_url).port
    silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(200)]
    for number, connection in enumerate(silent):
        if number % 2:
            connection.sendall(b"GET /healthz HT")
    for path in ("/healthz", "/readyz", "/metrics"):
        assert httpx.get(f"{own_demo.admin_url}{path}", timeout=10).status_code == 200
    for connection in silent:
        connection.close()


def test_a_page_of_another_site_reads_nothing(own_demo):
    def status(*headers):
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{own_demo.admin_url}/audit/payments"]
        for header in headers:
            command += ["-H", header]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout

    assert status() == "200"
    assert status("Host: rebound.example") == "421"
    assert status("Host: rebound.example:9464") == "421"
    assert status("Origin: https://evil.example") == "403"
    assert status("Sec-Fetch-Site: cross-site") == "403"
    wait_until(own_demo.is_ready, 10, "readiness")
