"""What is released: a binary without symbols, its symbols beside it, and a version that names the commit."""
import os
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from gateway import BINARY

ROOT = Path(__file__).parents[2]


def sections(path):
    listing = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\] (\.[\w.]+)", listing))


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        ["sh", ROOT / "scripts" / "dist.sh", BINARY, out], capture_output=True, text=True, check=True, timeout=120
    )
    yield out, done.stdout
    shutil.rmtree(out)


def test_the_released_binary_has_no_symbols_and_its_debug_file_has_them(dist):
    out, _ = dist
    name = Path(BINARY).name
    released, debug = out / name, out / (name + ".debug")
    assert {".gnu_debuglink", ".text"} <= sections(released)
    assert not {s for s in sections(released) if s == ".symtab" or s.startswith(".debug_")}
    assert ".symtab" in sections(debug)
    assert released.stat().st_size < 0.6 * os.stat(BINARY).st_size
    assert sorted(p.name for p in out.iterdir()) == sorted([name, name + ".debug"])


def test_the_debug_file_belongs_to_the_binary(dist):
    """The link holds the file's name and its CRC-32, by which a debugger finds it."""
    out, _ = dist
    name = Path(BINARY).name
    link = subprocess.run(
        ["objcopy", "-O", "binary", "--only-section=.gnu_debuglink", "--set-section-flags=.gnu_debuglink=alloc",
         out / name, out / "link"],
        capture_output=True, text=True,
    )
    assert link.returncode == 0, link.stderr
    content = (out / "link").read_bytes()
    (out / "link").unlink()
    assert content.split(b"\0")[0].decode() == name + ".debug"
    assert int.from_bytes(content[-4:], "little") == zlib.crc32((out / (name + ".debug")).read_bytes())


def test_the_released_binary_says_its_version_and_commit(dist):
    out, said = dist
    version = subprocess.run([out / Path(BINARY).name, "--version"], capture_output=True, text=True, check=True).stdout
    assert version == subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout
    assert version in said
    found = re.fullmatch(r"millrace \d+\.\d+\.\d+ \(commit ([0-9a-f]{7,40}(?:-dirty)?|unknown)\)", version.strip())
    assert found, version
    if os.environ.get("MILLRACE_COMMIT"):
        assert found.group(1) == os.environ["MILLRACE_COMMIT"]
