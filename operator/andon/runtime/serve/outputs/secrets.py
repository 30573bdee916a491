"""What may only a consumer and this server know? Folders of files, as Kubernetes mounts Secrets, read anew when they are used."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from andon.runtime.serve.outputs.senders import OutputError

FOLDER: Final = Path(os.environ.get("ANDON_SECRETS", "/etc/andon/secrets"))


@dataclass(frozen=True, slots=True)
class Secret:
    """One folder. Its contents appear in no message."""

    name: str
    folder: Path = FOLDER

    def needed(self, key: str) -> str:
        """The value of a key. Raises OutputError."""
        value = self.given(key)
        if not value:
            raise OutputError(f"the Secret {self.name} has no {key}; add it: kubectl edit secret {self.name}")
        return value

    def given(self, key: str) -> str | None:
        """The value of a key, None where there is none. Raises OutputError when it cannot be read."""
        try:
            return (self.folder / self.name / key).read_text().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(f"{key} of the Secret {self.name} cannot be read: {type(error).__name__}") from None

    def trust(self) -> ssl.SSLContext:
        """Whom to trust: `ca.crt`, or whom the system trusts. Raises OutputError."""
        authority = self.given("ca.crt")
        try:
            return ssl.create_default_context(cadata=authority or None)
        except (ssl.SSLError, ValueError):
            raise OutputError(f"ca.crt of the Secret {self.name} is not a certificate; put the authority's PEM there") from None
