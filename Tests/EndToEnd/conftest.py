import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

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


def pytest_collection_modifyitems(items):
    """What looks back at all others comes last."""
    items.sort(key=lambda item: item.path.name == "test_afterwards.py")
