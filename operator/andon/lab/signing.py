"""With which key does the lab's operator sign its commits, and how does anybody check that it was this one?"""

import base64
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

KEY: Final = "git-signing"
NAMESPACE: Final = "andon-system"
SIGNER: Final = "andon@localhost"
_LIMIT: Final = 30.0


class SigningKey:
    """An SSH key of this lab alone, made once. folder: where it is kept, readable to its owner only."""

    def __init__(self, folder: Path) -> None:
        self._key = folder / "signing" / "key"
        self.signers = folder / "signing" / "allowed_signers"

    @property
    def possible(self) -> bool:
        """git signs and verifies by ssh-keygen, which is OpenSSH's and not on every machine: without it nothing is signed."""
        return shutil.which("ssh-keygen") is not None

    def secret(self) -> dict[str, Any]:
        """The Secret that the operator's configuration names; makes the key if there is none. Raises CalledProcessError."""
        if not self._key.exists():
            self._make()
        key = base64.b64encode(self._key.read_bytes()).decode()
        named = {"name": KEY, "namespace": NAMESPACE}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": named, "data": {"ssh-privatekey": key}}

    def _make(self) -> None:
        self._key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", SIGNER, "-f", str(self._key))
        subprocess.run(made, check=True, timeout=_LIMIT, stdin=subprocess.DEVNULL)
        public = self._key.with_suffix(".pub").read_text()
        self.signers.write_text(f'{SIGNER} namespaces="git" {public}')
