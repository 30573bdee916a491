"""The root of the command tree: its help, its version and where each command comes from."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer.completion import get_completion_inspect_parameters, install_callback, show_callback
from typer.core import TyperCommand, TyperGroup

from andon.api.exits import Exit
from andon.cli import parts
from andon.cli.crds import crds


class Shell(StrEnum):
    """Shells that a script is printed for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


class Commands(TyperGroup):
    """All commands, each part imported when it is run; a shell that completes one asks that one's own app."""

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]
        """The command of this name."""
        part = next((part for part in parts.PARTS if part.name == cmd_name and part.has_app), None)
        if part is not None and ctx.resilient_parsing:
            real: typer.Typer = parts.load(part)  # type: ignore[assignment]
            return typer.main.get_command(real)  # type: ignore[return-value]
        return super().get_command(ctx, cmd_name)  # type: ignore[return-value]


app = typer.Typer(
    help="The cord on the line, for models: what went wrong, the data, the model or the plant, and what was done about it.",
    epilog=Exit.__doc__,
    no_args_is_help=True,
    cls=Commands,
    add_completion=False,  # its own takes no shell by name, and prints the script of the one that it finds itself in
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # half of the time in which help must answer would go into importing rich
)
get_completion_inspect_parameters()  # makes the shells known to Typer, which does so only for options of its own
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
    install_completion: Annotated[
        bool,
        typer.Option("--install-completion", help="For the shell it is run in.", callback=install_callback, is_eager=True),
    ] = False,
    show_completion: Annotated[
        Shell | None,
        typer.Option("--show-completion", metavar="SHELL", help="bash, zsh or fish.", callback=show_callback, is_eager=True),
    ] = None,
) -> None:
    """Options of `andon` itself."""


def program() -> str:
    """What the user typed to get here: kubectl finds `kubectl-andon` and runs it as `kubectl andon`."""
    return "kubectl andon" if Path(sys.argv[0]).name == "kubectl-andon" else "andon"
