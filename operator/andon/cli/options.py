"""What commands have in common: arguments and options that mean the same everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.cli import completion
from andon.cli.usage import understood

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


def _deployment(word: str) -> str:
    """The name alone. What lint runs without is imported only here."""
    from andon.api.kinds import MODEL_DEPLOYMENT
    from andon.watch.cluster import reference

    with understood("NAME"):
        kind, name = reference(word)
        if kind not in {None, MODEL_DEPLOYMENT}:
            raise UserError(f"{word} is no ModelDeployment, and this is about one; name it as {name} or mdep/{name}")
    return name


Deployment = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The ModelDeployment.", autocompletion=completion.deployments, callback=_deployment),
]


def alone(command: Callable[..., None]) -> typer.Typer:
    """An app of this one command, for `parts`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(epilog=Exit.__doc__)(command)
    return app
