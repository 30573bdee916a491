"""What commands have in common: arguments and options that mean the same everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

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


def alone(command: Callable[..., None]) -> typer.Typer:
    """An app of this one command, for `parts`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(epilog=Exit.__doc__)(command)
    return app
