"""With which key are commits signed? An SSH key is used where it is mounted, a GPG key in a keyring of the operator's own."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from andon.api import config
from andon.api.missing import Missing
from andon.ports.credentials import SSH_KEY, absent
from andon.ports.gitcommand import run

GPG_KEY: Final = "gpg-privatekey"


@dataclass(frozen=True, slots=True)
class Signer:
    """options: for git, in front of its command; empty: nothing is signed."""

    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def signer(
    entry: config.Repository, secrets: Path, environment: Mapping[str, str], timeout: float
) -> AsyncIterator[Signer | Missing]:
    """The entry's key, ready for use; what had to run for it ends with this."""
    if entry.signing_key is None:
        yield Signer()
        return
    folder = secrets / entry.signing_key
    if (folder / SSH_KEY).is_file():
        yield Signer(_options("ssh", str(folder / SSH_KEY)))
    elif (folder / GPG_KEY).is_file():
        keyring = _Keyring(folder / GPG_KEY, environment, timeout)
        try:
            yield await keyring.signer(entry)
        finally:
            await keyring.close()
    else:
        yield absent(entry, entry.signing_key, f"{SSH_KEY} or {GPG_KEY}")


def _options(form: str, key: str) -> tuple[str, ...]:
    return ("-c", f"gpg.format={form}", "-c", f"user.signingKey={key}")


class _Keyring:
    """gpg keeps keys in a folder, and an agent beside it that must be told to end."""

    def __init__(self, key: Path, environment: Mapping[str, str], timeout: float) -> None:
        self._key = key.read_bytes()
        # A name for each key: a new one starts with an empty keyring. Short, since a socket's path may have 107 letters.
        self._home = Path(environment["HOME"]) / f"gpg-{hashlib.sha256(self._key).hexdigest()[:8]}"
        self._environment, self._timeout = {**environment, "GNUPGHOME": str(self._home)}, timeout

    async def signer(self, entry: config.Repository) -> Signer | Missing:
        try:
            if not self._home.exists():
                self._home.mkdir(mode=0o700)
                await self._gpg("--import", given=self._key)
            listed = await self._gpg("--list-secret-keys", "--with-colons")
        except FileNotFoundError:
            return Missing("Refused", f"repository {entry.name}: there is no gpg here to sign with. Next: use an SSH key.")
        except TimeoutError:
            return Missing("Timeout", f"repository {entry.name}: gpg did not end within {self._timeout:g} s.")
        fingerprint = next((line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")), None)
        if fingerprint is None:
            await asyncio.to_thread(self._home.rmdir) if not any(self._home.iterdir()) else None
            return absent(entry, str(entry.signing_key), f"{GPG_KEY} that gpg takes")
        return Signer(_options("openpgp", fingerprint), {"GNUPGHOME": str(self._home)})

    async def close(self) -> None:
        """The agent has left our process group, so that it is told by name."""
        try:
            await run(("gpgconf", "--kill", "all"), self._environment, self._timeout)
        except FileNotFoundError:
            return

    async def _gpg(self, *arguments: str, given: bytes = b"") -> str:
        ran = await run(("gpg", "--batch", "--quiet", *arguments), self._environment, self._timeout, given)
        return ran.out.decode(errors="replace")
