import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from attacks.siege import FIGURES  # noqa: E402
from gateway import Demo  # noqa: E402


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """One demo for all tests that do not harm it."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    try:
        yield demo.start()
    finally:
        demo.stop()


@pytest.fixture
def own_demo(tmp_path):
    """A demo of the test's own, its two processes started one by one, to be killed and restarted."""
    demo = Demo(tmp_path)
    try:
        demo.start("psp")
        demo.start("gateway")
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def bare_demo(tmp_path):
    """A demo of the test's own, of which nothing has been started."""
    demo = Demo(tmp_path)
    try:
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def configured_demo(tmp_path):
    """Starts a demo of the test's own with these lines added to its gateway's configuration."""
    demo = Demo(tmp_path)

    def start(settings):
        demo.start("psp")
        demo.configure(settings)
        return demo.start("gateway")

    try:
        yield start
    finally:
        demo.stop()


@pytest.fixture
def api(demo):
    with demo.client() as client:
        yield client


# What looks back at all others: comes last, and in every part.
AFTERWARDS = "test_afterwards.py"
DURATIONS = Path(__file__).with_name("durations.txt")
# For a file that durations.txt does not have yet.
UNKNOWN_SECONDS = 10


def pytest_addoption(parser):
    parser.addoption("--part", default="1/1", help="K/N: the K-th of N parts, which run side by side, each with a demo of its own")


def parts(names, count):
    """Divides files into parts of about the same time: the longest first, each to the part that has least."""
    seconds = dict(line.split() for line in DURATIONS.read_text().splitlines())
    divided, loads = [set() for _ in range(count)], [0.0] * count
    for name in sorted(names, key=lambda name: (-float(seconds.get(name, UNKNOWN_SECONDS)), name)):
        least = loads.index(min(loads))
        divided[least].add(name)
        loads[least] += float(seconds.get(name, UNKNOWN_SECONDS))
    return divided


def pytest_collection_modifyitems(config, items):
    number, count = (int(text) for text in config.getoption("--part").split("/"))
    names = {item.path.name for item in items} - {AFTERWARDS}
    mine = parts(names, count)[number - 1] | {AFTERWARDS}
    config.hook.pytest_deselected(items=[item for item in items if item.path.name not in mine])
    items[:] = sorted((item for item in items if item.path.name in mine), key=lambda item: item.path.name == AFTERWARDS)


def pytest_terminal_summary(terminalreporter):
    """What the honest merchant saw of each attack, and the gateway's memory before and after."""
    if FIGURES:
        terminalreporter.section("attacks")
    for line in FIGURES:
        terminalreporter.write_line(line)
