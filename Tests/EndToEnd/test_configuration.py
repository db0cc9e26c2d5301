"""`millrace serve --check-config`: a good file is told so, a bad one is one clear line and exit status 78."""

import os

import pytest
from gateway import run


@pytest.fixture(scope="module")
def good(demo):
    return (demo.directory / "millrace.yaml").read_text()


def check(path, **options):
    return run("serve", "--config", path, "--check-config", **options)


def test_a_good_configuration(demo):
    done = check(demo.directory / "millrace.yaml")
    assert done.returncode == 0 and done.stdout == "configuration ok\n"


@pytest.mark.parametrize(
    "change,named",
    [
        (lambda text: text + "\ncolour: red\n", "colour"),
        (lambda text: text + "\nloops: many\n", "loops"),
        (lambda text: text + "\nloops: 0\n", "loops"),
        (lambda text: text + "\njournal:\n  segment_bytes: 5\n", "segment_bytes"),
        (lambda text: text + "\njournal:\n  segmentbytes: 64MiB\n", "segmentbytes"),
        (lambda text: text + "\nlimits:\n  body_timeout: soon\n", "body_timeout"),
        (lambda text: text + "\nadmin:\n  port: 70000\n", "port"),
        (lambda text: text + "\nprovider:\n  url: ftp://nowhere\n", "url"),
        (lambda text: text + "\nprovider:\n  kind: imaginary\n", "kind"),
        (lambda text: text.replace("fee_basis_points: 50", "fee_basis_points: 10001"), "fee_basis_points"),
        (lambda text: text.replace("sha256:", "md5:"), "sha256"),
        (lambda text: text.replace("server.pem", "none.pem"), "none.pem"),
        (lambda text: text.replace("merchant-2", "merchant-1"), "merchant-1"),
        (lambda text: text + "\ndata_directory: twice\n", "data_directory"),
        (lambda text: text + "\n\tlisten: [\n", ""),
        (lambda text: "", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_bad_configuration_is_one_line_and_78(good, tmp_path, change, named):
    path = tmp_path / "bad.yaml"
    path.write_text(change(good))
    for flags in ([], ["--check-config"]):
        done = run("serve", "--config", path, *flags)
        assert done.returncode == 78, done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 1 and named in lines[0] and "bad.yaml" in lines[0], done.stderr


def test_a_missing_file_is_one_line_and_78(tmp_path):
    done = check(tmp_path / "missing.yaml")
    assert done.returncode == 78 and len(done.stderr.splitlines()) == 1 and "missing.yaml" in done.stderr


def test_a_bad_environment_is_named(demo):
    done = check(demo.directory / "millrace.yaml", env={**os.environ, "MILLRACE_LISTEN_PORT": "eighty"})
    assert done.returncode == 78 and "MILLRACE_LISTEN_PORT" in done.stderr and len(done.stderr.splitlines()) == 1
