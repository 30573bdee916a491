"""What is this server told at its start? By its command line where a person runs it, by its environment where a pod does.

Everything else comes with its orders.
"""

import argparse
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from pydantic import ValidationError

from andon.api.errors import invalid
from andon.api.slots import Slots
from andon.runtime.serve.guard import TlsFiles
from andon.runtime.serve.oneself import ModelFile, OneselfError, ordered

_EPILOG: Final = """
With --model it serves one file and needs nothing else. With --slots it obeys a file as it changes. With neither it is a pod's
server: ANDON_NAMESPACE, ANDON_NAME and ANDON_DATA are set, and its orders are the ConfigMap NAME-slots of its cluster.
"""


class BadSettingsError(ValueError):
    """The message names the option or variable and what to write."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Raises BadSettingsError."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise BadSettingsError(f"{where}={text!r} is not HOST:PORT; write for example 0.0.0.0:8080")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))


@dataclass(frozen=True, slots=True)
class Settings:
    """slots, acks: files that take the place of the cluster. orders: of a server that orders for itself.

    data: None where nothing need outlive the process. grpc, tls, token: None where not wanted.
    """

    namespace: str
    name: str
    pod: str
    http: Address
    grpc: Address | None
    data: Path | None
    slots: Path | None
    acks: Path | None
    orders: str | None
    tls: TlsFiles | None
    token: Path | None


def parse(argv: Sequence[str] | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings. Raises BadSettingsError; ends the process on arguments that are none, as argparse does."""
    parser = _parser()
    given = parser.parse_args(argv)
    if given.acks and not given.slots:
        parser.error("--acks needs --slots: with a cluster, acknowledgements go there")
    if given.model and given.slots:
        parser.error("--model and --slots are two ways to say what to serve; give one")
    if given.candidate and not given.model:
        parser.error("--candidate needs --model: it is judged beside it")
    if given.weight is not None and not given.candidate:
        parser.error("--weight needs --candidate: it is what that one answers; with --slots the file says it")
    namespace, name, orders = _whose(given, environment)
    data = given.data or environment.get("ANDON_DATA")
    if not data and not orders:
        raise BadSettingsError("ANDON_DATA is not set; write a folder for models and scores there, or give --data")
    grpc = given.grpc or environment.get("ANDON_GRPC")
    return Settings(
        namespace=namespace,
        name=name,
        pod=environment.get("ANDON_POD") or socket.gethostname(),
        http=Address.parse(given.http, "--http")
        if given.http
        else Address.parse(_required(environment, "ANDON_LISTEN"), "ANDON_LISTEN"),
        grpc=Address.parse(grpc, "--grpc" if given.grpc else "ANDON_GRPC") if grpc else None,
        data=Path(data) if data else None,
        slots=given.slots,
        acks=given.acks,
        orders=orders,
        tls=_tls(given, environment),
        token=_path(given.token_file or environment.get("ANDON_TOKEN_FILE")),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="andon serve", description="Serve a model over Open Inference Protocol v2.", epilog=_EPILOG
    )
    what = parser.add_argument_group("what to serve")
    what.add_argument("--model", type=_model_file, metavar="NAME=FILE", help="serve this ONNX file under this name")
    what.add_argument("--candidate", type=_model_file, metavar="NAME=FILE", help="load this one beside it, as version 2")
    what.add_argument("--weight", type=_whole(0, 100), metavar="PERCENT", help="what the candidate answers, 0 to 100")
    what.add_argument("--threads", type=_whole(1, 64), default=1, metavar="N", help="of ONNX Runtime, per model")
    what.add_argument("--slots", type=Path, metavar="FILE", help="obey this slots.json, as it changes")
    what.add_argument("--acks", type=Path, metavar="FILE", help="with --slots: write the acknowledgement to this file")
    what.add_argument("--data", metavar="FOLDER", help="keep models and scores here (ANDON_DATA)")
    who = parser.add_argument_group("who may ask")
    who.add_argument("--http", metavar="HOST:PORT", help="listen here (ANDON_LISTEN)")
    who.add_argument("--grpc", metavar="HOST:PORT", help="listen here for gRPC, too (ANDON_GRPC)")
    who.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate and chain, PEM (ANDON_TLS: folder with tls.crt)")
    who.add_argument("--tls-key", type=Path, metavar="FILE", help="its key, PEM (ANDON_TLS: folder with tls.key)")
    who.add_argument("--token-file", metavar="FILE", help="who asks must bear the token in this file (ANDON_TOKEN_FILE)")
    return parser


def _whose(given: Any, environment: Mapping[str, str]) -> tuple[str, str, str | None]:
    """Namespace, name and, for a server that orders for itself, its orders."""
    if given.slots and not environment.get("ANDON_NAME"):
        return *_named_in(given.slots), None
    if not given.model:
        return _required(environment, "ANDON_NAMESPACE"), _required(environment, "ANDON_NAME"), None
    try:
        slots = ordered(given.model, given.candidate, given.weight or 0, given.threads)
    except OneselfError as error:
        raise BadSettingsError(str(error)) from error
    return slots.namespace, slots.deployment, slots.text()


def _named_in(slots: Path) -> tuple[str, str]:
    """Whose orders a file holds."""
    try:
        found = Slots.model_validate_json(slots.read_bytes())
    except ValidationError as error:
        raise BadSettingsError(str(invalid(f"--slots {slots}", error))) from error
    except OSError as error:
        remedy = "write orders into it first, or set ANDON_NAMESPACE and ANDON_NAME"
        raise BadSettingsError(f"--slots {slots} cannot be read: {error.strerror}; {remedy}") from error
    return found.namespace, found.deployment


def _model_file(text: str) -> ModelFile:
    name, _, path = text.partition("=")
    if not name or not path or "/" in name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE; write for example product-e=model.onnx")
    return ModelFile(name, Path(path))


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return whole


def _tls(given: Any, environment: Mapping[str, str]) -> TlsFiles | None:
    if bool(given.tls_cert) != bool(given.tls_key):
        raise BadSettingsError("--tls-cert and --tls-key go together; give both")
    if given.tls_cert:
        return TlsFiles(given.tls_cert, given.tls_key)
    folder = _path(environment.get("ANDON_TLS"))
    return TlsFiles(folder / "tls.crt", folder / "tls.key") if folder else None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _required(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise BadSettingsError(f"{name} is not set; a server for one file needs --model NAME=FILE and --http HOST:PORT instead")
    return environment[name]
