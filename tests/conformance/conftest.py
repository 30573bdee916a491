"""The servers that clients try: one that echoes every datatype, one of rows with a candidate beside it."""

import numpy as np
import pytest
from server import made_models, start


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    return made_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def echo(models):
    """Thirteen inputs, one of each datatype, each answered as `<name>_out`."""
    server = start(models, "echo", "--model", f"echo={models / 'echo.onnx'}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sums(models):
    """The sum of three numbers; version 2, the candidate, adds a hundred."""
    server = start(models, "sums", "--model", f"sums={models / 'sums.onnx'}", "--candidate", f"sums={models / 'more.onnx'}")
    yield server
    server.stop()


@pytest.fixture
def values():
    """Two rows for each input of the echo, with the ends of every range."""
    whole = {
        f"{sign}int{bits}": np.array(
            [[np.iinfo(f"{sign}int{bits}").min, 7], [1, np.iinfo(f"{sign}int{bits}").max]], f"{sign}int{bits}"
        )
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    }
    broken = {f"fp{bits}": np.array([[0.5, -1.25], [1e4, 3.0]], f"float{bits}") for bits in (16, 32, 64)}
    texts = np.array([["", "plain"], ["Grüße ✓", "two\nlines"]], dtype=np.object_)
    return whole | broken | {"bool": np.array([[True, False], [False, True]]), "bytes": texts}
