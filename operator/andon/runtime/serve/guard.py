"""Who may ask, and who else may listen? A bearer token and TLS, both read anew when their files change."""

import asyncio
import hmac
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate with its chain, and its key; PEM."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a listening socket. Raises OSError, ValueError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load_into(context)
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """What is in the files now is for the next connection. Raises OSError that names the file, ValueError."""
        for path in (self.certificate, self.key):
            path.open("rb").close()
        try:
            context.load_cert_chain(self.certificate, self.key)
        except ssl.SSLError as error:
            text = f"{self.certificate} and {self.key} are no certificate with its key, in PEM: {error.reason or error}"
            raise ValueError(text) from error


class Token:
    """What a request must bear. Raises OSError when the file cannot be read, ValueError when there is nothing in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._token = b""
        self.read()

    def read(self) -> None:
        """Raises OSError, ValueError."""
        token = self.path.read_bytes().strip()
        if not token:
            raise ValueError(f"{self.path} is empty; write a token into it")
        self._token = token

    def allows(self, authorization: bytes | None) -> bool:
        """Whether a request with this header may be answered. Takes as long for a near miss as for any other."""
        scheme, _, token = (authorization or b"").partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)


async def keep_fresh(read: Callable[[], None], *paths: Path) -> None:
    """Read again whenever one of the files changes, for ever. What cannot be read is said, and what was read before holds."""
    seen = _marks(paths)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        marks = _marks(paths)
        if marks == seen:
            continue
        seen = marks
        try:
            read()
            log.info("read again: %s", ", ".join(map(str, paths)))
        except (OSError, ValueError) as error:
            log.warning("not read again, what was read before holds: %s: %s", ", ".join(map(str, paths)), error)


def _marks(paths: tuple[Path, ...]) -> list[tuple[int, int] | None]:
    return [_mark(path) for path in paths]


def _mark(path: Path) -> tuple[int, int] | None:
    """One look, not two: a file may go at any time."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
