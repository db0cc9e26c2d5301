"""The clients that people use: curl with both versions of HTTP, and h2load."""

import json
import re
import shutil
import subprocess
import uuid

import pytest
from gateway import payment


def curl(demo, *arguments):
    command = ["curl", "-sS", "--max-time", "60", "--cacert", demo.ca_cert, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


@pytest.mark.parametrize("flag,version", [("--http2", "2"), ("--http1.1", "1.1")])
def test_curl(demo, flag, version):
    output = curl(
        demo, flag, "-w", "\n%{http_version} %{http_code}", f"{demo.base_url}/v1/payments",
        "-H", f"Authorization: Bearer {demo.api_keys[0]}", "-H", "Content-Type: application/json",
        "-H", f"Idempotency-Key: {uuid.uuid4()}", "-d", json.dumps(payment()),
    )  # fmt: skip
    body, line = output.rsplit("\n", 1)
    assert line == f"{version} 201" and json.loads(body)["status"] == "captured"


def test_the_printed_curl_line_works_when_pasted(demo):
    text = (demo.directory / "demo-both.log").read_text()
    line = next(line for line in text.splitlines() if line.startswith("curl "))
    done = subprocess.run(["bash", "-c", line + " -sS --max-time 60"], capture_output=True, text=True, timeout=90, check=True)
    assert json.loads(done.stdout)["status"] == "captured"


def test_http1_keeps_the_connection_and_the_order(demo):
    with demo.client(http2=False) as api:
        for number in range(5):
            answer = api.post("/v1/payments", json=payment(), headers={"idempotency-key": str(uuid.uuid4())})
            assert answer.http_version == "HTTP/1.1" and answer.status_code == 201, number


def test_openapi_is_served(demo):
    text = curl(demo, "--http2", f"{demo.base_url}/openapi.yaml")
    assert text.startswith("openapi: 3.1")


@pytest.mark.parametrize("version", [[], ["--h1"]], ids=["http2", "http1"])
def test_h2load(demo, tmp_path, version):
    body = tmp_path / "body.json"
    body.write_text(json.dumps(payment(payment_method="tok_visa")))
    done = subprocess.run(
        [
            shutil.which("h2load"), *version, "-n", "2000", "-c", "4", "-m", "32", "-t", "1", "-d", str(body),
            "-H", f"authorization: Bearer {demo.api_keys[0]}", "-H", "content-type: application/json",
            "-H", f"idempotency-key: {uuid.uuid4()}", f"{demo.base_url}/v1/payments",
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert ("Application protocol: h2" in done.stdout) == (not version), done.stdout
    # One key for all: the first is the payment, those beside it are told to wait, the rest are replays.
    assert re.search(r"2000 done", done.stdout), done.stdout
    statuses = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", done.stdout)
    assert int(statuses[1]) > 0 and int(statuses[1]) + int(statuses[3]) == 2000 and statuses[4] == "0", done.stdout


def test_h2load_reads(demo):
    """Distinct streams without a body: every one is the payment."""
    with demo.client() as api:
        created = api.post("/v1/payments", json=payment(), headers={"idempotency-key": str(uuid.uuid4())}).json()
    done = subprocess.run(
        [
            shutil.which("h2load"), "-n", "5000", "-c", "8", "-m", "64", "-t", "1",
            "-H", f"authorization: Bearer {demo.api_keys[0]}", f"{demo.base_url}/v1/payments/{created['id']}",
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "5000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout and "5000 2xx" in done.stdout, done.stdout
