"""The load programs are built before the first test: a test's time-out is for the test, not for a compiler."""

import pytest

from bench.serve import load


def pytest_collection_finish(session: pytest.Session) -> None:
    if any("load_program" in getattr(item, "fixturenames", ()) for item in session.items):
        load.build()


@pytest.fixture
def load_program():
    """The bench finds it built."""
