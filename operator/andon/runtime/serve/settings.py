"""What is this server told at its start? The environment says who it is; everything else comes with its orders."""

import argparse
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BadSettingsError(ValueError):
    """The message names the variable and what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """slots, acks: files that take the place of the cluster; without slots the cluster is asked."""

    namespace: str
    name: str
    pod: str
    host: str
    port: int
    data: Path
    slots: Path | None = None
    acks: Path | None = None


def parse(argv: Sequence[str] | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings. Raises BadSettingsError; ends the process on arguments that are none, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="andon serve", description="Serve one ModelDeployment. See docs/wire.md for the environment."
    )
    parser.add_argument("--slots", type=Path, metavar="FILE", help="read slots.json from this file, not from the cluster")
    parser.add_argument("--acks", type=Path, metavar="FILE", help="with --slots: write the acknowledgement to this file")
    given = parser.parse_args(argv)
    if given.acks and not given.slots:
        parser.error("--acks needs --slots: with a cluster, acknowledgements go there")
    host, _, port = _required(environment, "ANDON_LISTEN").rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadSettingsError(f"ANDON_LISTEN={environment['ANDON_LISTEN']!r} is not HOST:PORT; write for example 0.0.0.0:8080")
    return Settings(
        namespace=_required(environment, "ANDON_NAMESPACE"),
        name=_required(environment, "ANDON_NAME"),
        pod=environment.get("ANDON_POD") or socket.gethostname(),
        host=host,
        port=int(port),
        data=Path(_required(environment, "ANDON_DATA")),
        slots=given.slots,
        acks=given.acks,
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise BadSettingsError(f"{name} is not set; see docs/wire.md for the server's settings")
    return environment[name]
