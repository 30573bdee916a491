"""What is this collector told to do, and has it changed?

The environment says who and where; one JSON file says what. In Kubernetes that file is a mounted ConfigMap, which the kubelet
replaces by swapping a symlink, so it is looked at, not listened to.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from andon.api.datasource import DataSourceSpec, OpcUa, QuarantineWindow
from andon.api.errors import UserError, invalid
from andon.api.types import StatusModel

LOOK_EVERY_S: Final = 1.0


class BadSettingsError(UserError):
    """The message names the variable or file, the field, and the next step."""


class Config(StatusModel):
    """The file in ANDON_CONFIG."""

    spec: DataSourceSpec
    quarantine: list[QuarantineWindow] = Field(default_factory=list)

    @property
    def opcua(self) -> OpcUa:
        """The only driver so far. Raises BadSettingsError when it is another."""
        if self.spec.opcua is None:
            raise BadSettingsError("spec.opcua: missing; it is the only driver so far")
        return self.spec.opcua


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment."""

    namespace: str
    name: str
    host: str
    port: int
    data: Path
    landing: Path
    config: Path


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises BadSettingsError."""
    host, _, port = _required(environment, "ANDON_LISTEN").rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadSettingsError(f"ANDON_LISTEN={environment['ANDON_LISTEN']!r} is not HOST:PORT; write for example 0.0.0.0:8080")
    return Settings(
        namespace=_required(environment, "ANDON_NAMESPACE"),
        name=_required(environment, "ANDON_NAME"),
        host=host,
        port=int(port),
        data=Path(_required(environment, "ANDON_DATA")),
        landing=Path(_required(environment, "ANDON_LANDING")),
        config=Path(_required(environment, "ANDON_CONFIG")),
    )


def read(path: Path) -> Config:
    """The configuration as it stands. Raises BadSettingsError."""
    try:
        return Config.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadSettingsError(f"ANDON_CONFIG: cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        raise BadSettingsError(str(invalid(str(path), error))) from error


async def changed(path: Path, since: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """Wait until the file is another than the one whose mark this is; its new mark."""
    # A mounted file gives no other sign.
    while (now := mark(path)) is None or now == since:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_EVERY_S)
    return now


def mark(path: Path) -> tuple[int, int, int] | None:
    """Tells one file from the next, through symlinks; None while it is away, as in the middle of a swap."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _required(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise BadSettingsError(f"{name} is not set; see docs/wire.md for the collector's settings")
    return environment[name]
