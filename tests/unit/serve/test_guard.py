"""Files of a token and a certificate come and go while a server serves."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from andon.runtime.serve import guard


class Fleeting(type(Path())):
    """A file that is gone as soon as somebody saw it."""

    def exists(self, **more):
        found = super().exists(**more)
        self.unlink(missing_ok=True)
        return found


async def test_a_file_that_goes_between_two_looks_ends_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "LOOK_EVERY", 0.01)
    token, read = Fleeting(tmp_path / "token"), asyncio.Event()
    token.write_text("open sesame")
    fresh = asyncio.create_task(guard.keep_fresh(read.set, token))
    await asyncio.sleep(0)
    token.write_text("another")
    await asyncio.wait_for(read.wait(), 5)
    fresh.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await fresh


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        (b"Bearer open sesame", True),
        (b"bearer open sesame", True),
        (b"BEARER  open sesame", True),
        (b"Bearer open", False),
        (b"Basic open sesame", False),
        (b"open sesame", False),
        (b"", False),
        (None, False),
    ],
)
def test_who_may_ask(tmp_path, sent, allowed):
    (tmp_path / "token").write_text("open sesame\n")
    assert guard.Token(tmp_path / "token").allows(sent) == allowed
