"""The ledger's tools with an archive outside of the data directory: a part of a ledger is refused."""

from gateway import finish, run, wait_until

# Small segments and frequent snapshots, so that segments are archived while the test runs.
SETTINGS = """
shards: 2
journal:
  segment_bytes: 2MiB
  snapshot: {{journal_bytes: 128KiB, interval: 1s}}
  archive: {{directory: {archive}}}
"""


def test_a_ledger_that_misses_records_is_refused(configured_demo, tmp_path):
    archive = tmp_path / "archive"
    demo = configured_demo(SETTINGS.format(archive=archive))
    finish(demo.load("lifecycle", "--rate", "500", "--duration", "15s"))
    archived = "millrace_journal_archived_segments_total"
    wait_until(lambda: demo.metrics()[archived] >= 1, 60, "a segment in the archive")
    assert demo.stop_gateway() == 0
    data = demo.directory / "data"
    for command in (["check"], ["export", "--format", "csv"], ["export", "--format", "hledger"]):
        refused = run("ledger", *command, data, status=66)
        assert "are neither here nor in the archive" in refused.stderr and "--archive" in refused.stderr
        whole = run("ledger", *command, "--archive", archive, data, status=0)
        assert len(whole.stdout) > len(refused.stdout)
        assert run("ledger", *command, "--archive", archive, data / "log-000", status=0).stdout
    assert "sound" in run("ledger", "check", "--archive", archive, data, status=0).stdout
    # The archive where a log looks for it by itself.
    for log in archive.iterdir():
        log.rename(data / log.name / "archive")
    run("ledger", "check", data, status=0)
