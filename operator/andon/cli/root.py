"""The root of the command tree: its help, its version and where each command comes from."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from andon.api.exits import Exit
from andon.cli import parts
from andon.cli.crds import crds

app = typer.Typer(
    help="The cord on the line, for models: what went wrong, the data, the model or the plant, and what was done about it.",
    epilog=Exit.__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # half of the time in which help must answer would go into importing rich
)
app.command()(crds)
for part in parts.PARTS:
    parts.add(app, part)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"andon {version('andon')}")
        raise typer.Exit(Exit.OK)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Options of `andon` itself."""


def program() -> str:
    """What the user typed to get here: kubectl finds `kubectl-andon` and runs it as `kubectl andon`."""
    return "kubectl andon" if Path(sys.argv[0]).name == "kubectl-andon" else "andon"
