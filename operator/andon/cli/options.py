"""What commands have in common: options that mean the same everywhere, and how a document is printed."""

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from andon.api.exits import Exit
from andon.cli import completion

Namespace = Annotated[
    str | None,
    typer.Option("-n", "--namespace", help="By default kubectl's current one.", autocompletion=completion.namespaces),
]
Kubeconfig = Annotated[Path | None, typer.Option(help="By default what kubectl would take.", dir_okay=False)]
AnyObject = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Of any of the four kinds; KIND/NAME where several have it.", autocompletion=completion.objects
    ),
]
Deployment = Annotated[str, typer.Argument(metavar="NAME", help="The ModelDeployment.", autocompletion=completion.deployments)]


class Form(StrEnum):
    """How what was done to an object is printed."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


Output = Annotated[Form, typer.Option("-o", "--output", help="How to print what came of it.")]


def alone(command: Callable[..., None]) -> typer.Typer:
    """An app of this one command, for `parts`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(epilog=Exit.__doc__)(command)
    return app


def put_json(document: Any) -> None:
    """For programs."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def put_yaml(document: Any) -> None:
    """As people read and kubectl takes it."""
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.width = sys.maxsize
    writer.dump(document, sys.stdout)
