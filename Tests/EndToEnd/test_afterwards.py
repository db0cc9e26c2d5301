"""What must be true after all that the other tests did to the demo that they share. Runs last (conftest.py)."""

from gateway import alive, run, wait_until

CONFLICTED = ("tok_wrong_amount", "tok_wrong_currency")


def sums(lines, operation):
    return sum(line["amount"] for line in lines if line["operation"] == operation)


def test_every_charge_at_the_provider_is_one_payment_here(demo):
    clients = [demo.client(merchant) for merchant in range(demo.merchants)]
    try:
        lines = demo.oracle()
        assert all(line["executions"] == 1 and len(line["keys"]) == 1 for line in lines)
        for reference in {line["reference"] for line in lines}:
            found = [answer.json() for answer in (api.get(f"/v1/payments/{reference}") for api in clients) if answer.status_code == 200]
            assert len(found) == 1, reference
            check(found[0], [line for line in lines if line["reference"] == reference])
    finally:
        for client in clients:
            client.close()


def check(found, lines):
    if found["status"] == "conflicted":
        assert found["payment_method"] in CONFLICTED
        return
    assert {line["currency"] for line in lines} == {found["currency"]}
    assert sums(lines, "authorize") == found["amount_authorized"] == found["amount"]
    assert sums(lines, "capture") == found["amount_captured"]
    assert sums(lines, "refund") == found["amount_refunded"]


def test_the_ledger_sums_to_zero(demo):
    balance = demo.trial_balance()
    assert balance["balanced"] is True
    assert balance["currencies"] and all(line["balance"] == "0" for line in balance["currencies"])


def test_nothing_is_left_open(demo):
    wait_until(lambda: demo.metrics()["millrace_requests_in_flight"] == 0, 30, "the end of the requests")
    wait_until(lambda: demo.metrics()["millrace_connections"] == 0, 30, "the end of the connections")


def test_the_same_process_has_served_all_and_stops_well(demo):
    pid = demo.gateway_pid
    demo.read()
    assert demo.gateway_pid == pid and alive(pid)
    log = (demo.directory / "gateway.log").read_text()
    assert " error " not in log and " critical " not in log, log
    launcher = demo.processes["both"]
    launcher.terminate()
    assert launcher.wait(60) == 0
    print(demo.verify_journals().stdout)


def test_every_posting_is_the_one_that_the_reference_prescribes(demo):
    """The audit's own rules over the journals of everything that happened here."""
    checked = run("ledger", "check", demo.directory / "data")
    assert checked.returncode == 0, checked.stderr
