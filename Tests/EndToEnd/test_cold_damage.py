"""Damage to files that are seldom read is found while the gateway runs, told by `journal verify`, and never served."""

import shutil

from gateway import key, payment, run, wait_until

COUNT = 12
SETTINGS = """
shards: 1
loops: 1
journal:
  segment_bytes: 2MiB
  snapshot: {interval: 1s, bytes_per_second: 0}
  scrub: {interval: 1s}
payments: {cold_after: 0s}
"""


def cold_payments(demo):
    """Payments that have all left memory, as they were answered, and where their files are."""
    answers = {}
    with demo.client() as api:
        for _ in range(COUNT):
            made = api.post("/v1/payments", json=payment(), headers=key())
            assert made.status_code == 201
            path = f"/v1/payments/{made.json()['id']}"
            answers[path] = api.get(path).json()
    wait_until(lambda: demo.metrics()["millrace_payments_cold"] == COUNT, 30, "the payments to leave memory")
    return answers, demo.directory / "data/shard-000/cold"


def read(demo, answers):
    """How many are answered as before; the others are refused and may be asked for again."""
    same = 0
    with demo.client() as api:
        for path, body in answers.items():
            answer = api.get(path)
            assert answer.status_code in (200, 503)
            if answer.status_code == 200:
                assert answer.json() == body
                same += 1
    return same


def flip(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def test_a_damaged_cold_file_is_found_and_put_back_or_made_anew(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    answers, cold = cold_payments(demo)
    data, file = demo.directory / "data", sorted(cold.glob("*.payments"))[0]
    flip(file, 4_300)
    wait_until(lambda: demo.metrics()["millrace_scrub_damaged_files"] == 1, 30, "the scrubber")
    assert f"{file}, offset 4096" in demo.logs()
    assert read(demo, answers) < COUNT
    # All else goes on.
    with demo.client() as api:
        assert api.post("/v1/payments", json=payment(), headers=key()).status_code == 201
    assert demo.stop_gateway() == 0
    told = run("journal", "verify", data, status=65)
    assert file.name in told.stderr and "offset 4096" in told.stderr
    # From the journal: everything beside it is moved away.
    aside = tmp_path / "aside"
    aside.mkdir()
    for path in [data / "shard-000/snapshots", *data.glob("shard-000/cold*")]:
        shutil.move(path, aside)
    demo.start("gateway")
    assert read(demo, answers) == COUNT
    assert demo.trial_balance()["balanced"]
    wait_until(lambda: demo.metrics()["millrace_payments_cold"] >= COUNT, 30, "the payments to leave memory")
    assert read(demo, answers) == COUNT
    assert demo.stop_gateway() == 0
    demo.verify_journals()
    run("ledger", "check", data, status=0)


def test_a_missing_cold_file_is_refused_until_it_is_back(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    answers, cold = cold_payments(demo)
    assert demo.stop_gateway() == 0
    for file in sorted(cold.glob("*.payments")):
        kept = shutil.move(file, tmp_path / file.name)
        refused = demo.serve()
        assert refused.wait(60) == 65
        assert f"{file}: is missing" in (demo.directory / "serve.log").read_text()
        assert file.name in run("journal", "verify", demo.directory / "data", status=65).stderr
        shutil.move(kept, file)
    demo.start("gateway")
    assert read(demo, answers) == COUNT


def test_a_wrong_index_is_told_and_made_anew(configured_demo):
    demo = configured_demo(SETTINGS)
    answers, cold = cold_payments(demo)
    assert demo.stop_gateway() == 0
    flip(cold / "index", 4_096 + 8)
    told = run("journal", "verify", demo.directory / "data", status=65)
    assert "cold/index" in told.stderr
    demo.start("gateway")
    wait_until(lambda: demo.metrics()["millrace_scrub_passes_total"] >= 1, 30, "a pass of the scrubber")
    assert read(demo, answers) == COUNT
    assert demo.stop_gateway() == 0
    demo.verify_journals()


def test_a_missing_file_of_keys_is_refused(configured_demo, tmp_path):
    demo = configured_demo(SETTINGS)
    cold_payments(demo)
    assert demo.stop_gateway() == 0
    for file in sorted(demo.directory.glob("data/shard-000/keys/*.keys")):
        kept = shutil.move(file, tmp_path / file.name)
        assert demo.serve().wait(60) == 65
        assert file.name in run("journal", "verify", demo.directory / "data", status=65).stderr
        shutil.move(kept, file)
    demo.start("gateway")
