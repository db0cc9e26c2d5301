"""Every record names the configuration that decided (docs/records.md, "Configuration versions")."""

import json
import os
import signal

import httpx
from gateway import key, payment, run, wait_until

RULES = "risk: {rules: [{name: large, score: 90, amount: {over: 9000, currency: EUR}}]}\n"


def pay(demo, status=201, **changes):
    with demo.client() as api:
        answer = api.post("/v1/payments", json=payment(**changes), headers=key())
    assert answer.status_code == status, answer.text


def gauge(demo):
    text = httpx.get(f"{demo.admin_url}/metrics", timeout=30).text
    return {line.split()[-1] for line in text.splitlines() if line.startswith("millrace_configuration_version{")}


def named(demo):
    """The numbers that the journal's records name, without repetition."""
    numbers = []
    lines = run("journal", "dump", demo.directory / "data", status=0).stdout.splitlines()
    for line in sorted(map(json.loads, lines), key=lambda line: (line["time"], line["configuration"])):
        if line["configuration"] not in numbers:
            numbers.append(line["configuration"])
    return numbers


def test_records_name_the_configuration_that_decided(bare_demo):
    demo = bare_demo
    demo.start("psp")
    demo.configure(RULES)
    demo.start("gateway")
    file = demo.directory / "millrace.yaml"
    log = demo.directory / "gateway.log"
    pay(demo)
    assert "configuration_version" in log.read_text()
    assert demo.stop_gateway() == 0
    assert named(demo) == [1]

    # The same configuration keeps its number, also after a crash.
    demo.start("gateway")
    pay(demo)
    demo.kill_gateway()
    demo.start("gateway")
    pay(demo)

    # A reload of the rules raises it; one that changes nothing does not.
    rules = file.read_text()
    file.write_text(rules.replace("over: 9000", "over: 8000"))
    os.kill(demo.gateway_pid, signal.SIGHUP)
    wait_until(lambda: log.read_text().count("Reloaded the fraud hook") == 1, 30, "the reload")
    pay(demo)
    pay(demo, 402, amount=8_500)
    os.kill(demo.gateway_pid, signal.SIGHUP)
    wait_until(lambda: log.read_text().count("Reloaded the fraud hook") == 2, 30, "the second reload")
    pay(demo)

    # The number was durable before the first record: a crash does not give it twice.
    demo.kill_gateway()
    file.write_text(file.read_text().replace("fee_basis_points: 50", "fee_basis_points: 60"))
    demo.start("gateway")
    pay(demo)
    assert demo.stop_gateway() == 0
    assert named(demo) == [1, 2, 3]
    # What was before has a number of its own when it comes back.
    file.write_text(rules)
    demo.start("gateway")
    pay(demo)
    assert gauge(demo) == {"4"}
    assert demo.stop_gateway() == 0
    assert named(demo) == [1, 2, 3, 4]
    run("ledger", "check", demo.directory / "data", status=0)
