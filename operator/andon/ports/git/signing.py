"""With which key are commits signed? An SSH key is used where it is mounted, a GPG key in a keyring of the operator's own."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from andon.api import config
from andon.api.missing import Missing
from andon.ports.git.command import run
from andon.ports.git.credentials import SSH_KEY, absent

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
        # A folder of its own, gone afterwards, and near the root: the path of gpg's socket may have 107 letters.
        with TemporaryDirectory(prefix="andon-") as keyring:
            gpg = _Gpg({**environment, "GNUPGHOME": keyring}, timeout)
            try:
                yield await gpg.signer(entry, (folder / GPG_KEY).read_bytes())
            finally:
                await gpg.close()
    else:
        yield absent(entry, entry.signing_key, f"{SSH_KEY} or {GPG_KEY}")


def _options(form: str, key: str) -> tuple[str, ...]:
    return ("-c", f"gpg.format={form}", "-c", f"user.signingKey={key}")


class _Gpg:
    """gpg with a keyring, and the agent beside it that must be told to end."""

    def __init__(self, environment: Mapping[str, str], timeout: float) -> None:
        self._environment, self._timeout = environment, timeout

    async def signer(self, entry: config.Repository, key: bytes) -> Signer | Missing:
        """The only key of the keyring, once it is there."""
        try:
            await self._gpg("--import", given=key)
            listed = await self._gpg("--list-secret-keys", "--with-colons")
        except FileNotFoundError:
            return Missing("Refused", f"repository {entry.name}: there is no gpg here to sign with. Next: use an SSH key.")
        except TimeoutError:
            return Missing("Timeout", f"repository {entry.name}: gpg did not end within {self._timeout:g} s.")
        fingerprint = next((line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")), None)
        if fingerprint is None:
            return absent(entry, str(entry.signing_key), f"{GPG_KEY} that gpg takes")
        return Signer(_options("openpgp", fingerprint), {"GNUPGHOME": self._environment["GNUPGHOME"]})

    async def close(self) -> None:
        """The agent has left our process group, so that it is told by name."""
        with contextlib.suppress(FileNotFoundError):
            await run(("gpgconf", "--kill", "all"), self._environment, self._timeout)

    async def _gpg(self, *arguments: str, given: bytes = b"") -> str:
        ran = await run(("gpg", "--batch", "--quiet", *arguments), self._environment, self._timeout, given)
        return ran.out.decode(errors="replace")
