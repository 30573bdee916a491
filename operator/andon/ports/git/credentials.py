"""How does git prove who it is, without a secret in an argument, an address, a setting or an environment?

Secrets are files that the chart mounts. git is told of a program that prints them when asked, or of the file itself.
"""

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from andon.api import config
from andon.api.missing import Missing

SSH_KEY: Final = "ssh-privatekey"

# GitHub and GitLab take any name beside a token; this one is GitHub's own for tokens of its Apps.
_ASKPASS: Final = """#!/bin/sh
case "$1" in
  Username*) cat "$ANDON_CREDENTIALS/username" 2>/dev/null || echo x-access-token ;;
  *) cat "$ANDON_CREDENTIALS/password" 2>/dev/null || cat "$ANDON_CREDENTIALS/token" ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """environment: what git sees more; paths only. words: what must be in no message."""

    environment: Mapping[str, str]
    words: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """A text of git's without the secrets that a server may have quoted."""
        for word in self.words:
            text = text.replace(word, "***")
        return text


def credentials(entry: config.Repository, secrets: Path, home: Path) -> Credentials | Missing:
    """What git needs to reach this repository. secrets: the folder of Secrets, each in a folder of its name."""
    if entry.credentials_secret is None:
        return Credentials({})
    folder = secrets / entry.credentials_secret
    wanted = (SSH_KEY,) if entry.url.startswith("ssh://") else ("password", "token")
    found = [folder / name for name in wanted if (folder / name).is_file()]
    if not found:
        return absent(entry, entry.credentials_secret, " or ".join(wanted))
    try:
        if entry.url.startswith("ssh://"):
            return Credentials({"GIT_SSH_COMMAND": _ssh(entry, found[0], home), "GIT_SSH_VARIANT": "ssh"})
        told = {"GIT_ASKPASS": str(_askpass(home)), "ANDON_CREDENTIALS": str(folder)}
        return Credentials(told, tuple(_words(folder, found)))
    except OSError as error:
        return Missing("Refused", f"Secret {entry.credentials_secret} cannot be read: {error.strerror}. Next: check its mode.")


def absent(entry: config.Repository, secret: str, keys: str) -> Missing:
    """The Secret is not mounted, or holds something else."""
    return Missing(
        "Refused",
        f"repository {entry.name}: Secret {secret} is not there or has no {keys}. Next: create it in the operator's namespace; "
        "the chart mounts what config.repositories names.",
    )


def _words(folder: Path, found: list[Path]) -> list[str]:
    """The secrets, as they are and in the ways in which a server may quote them."""
    name = folder / "username"
    user = name.read_text().strip() if name.is_file() else "x-access-token"
    secrets = [text for path in found if (text := path.read_text().strip())]
    basic = [base64.b64encode(f"{user}:{text}".encode()).decode() for text in secrets]
    return [*secrets, *(quote(text, safe="") for text in secrets), *basic]


def _askpass(home: Path) -> Path:
    return written(home / "askpass", _ASKPASS, 0o500)


def _ssh(entry: config.Repository, key: Path, home: Path) -> str:
    hosts = written(home / f"known-hosts-{entry.name}", f"{entry.known_hosts}\n", 0o400)
    settings = {
        "BatchMode": "yes",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "ConnectTimeout": "10",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    return shlex.join(["ssh", "-F", "/dev/null", "-i", str(key), *options])


def written(path: Path, text: str, mode: int) -> Path:
    """A file of the operator's own with this text, whole at any moment."""
    if not path.exists() or path.read_text() != text:
        draft = path.with_name(f"{path.name}.draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.chmod(mode)
        draft.rename(path)
    return path
