"""`andon demo` from a terminal."""

import re
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    report: Annotated[Path | None, typer.Option(dir_okay=False, help="Write what was checked to this file, as JSON.")] = None,
    acts: Annotated[str, typer.Option(help="Which acts to play, from the first: 1-8.")] = "1-8",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab up afterwards: andon lab status --name demo.")] = False,
    speed: Annotated[float, typer.Option(min=100, max=1800, help="How many times faster than the plant rows come.")] = 900.0,
) -> None:
    """Train, serve, break, roll back, promote: eight acts on a real Kubernetes, each checked. Exit code 0 only if all held."""
    from andon.lab.demo.main import main

    wanted = re.fullmatch(r"(?:1-)?([1-8])", acts)
    if wanted is None:
        raise typer.BadParameter(f"{acts!r}: write 1-N with N from 1 to 8; each act builds on those before", param_hint="--acts")
    raise typer.Exit(main(report, int(wanted[1]), keep=keep, speed=speed))
