"""``andon lab``: a whole plant on this machine, from a terminal."""

import json
import sys
import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.lab.plant.cli import app as plant

if TYPE_CHECKING:
    from andon.lab.state import Row, State

_ABOUT = "A whole plant on this machine: Kubernetes, registry, metrics, git and a plant."
app = typer.Typer(no_args_is_help=True, add_completion=False, help=_ABOUT)
app.add_typer(plant, name="plant")


class Form(StrEnum):
    """How a lab is printed."""

    TABLE = "table"
    JSON = "json"


Name = Annotated[str, typer.Option("--name", "-n", help="Which lab; several can run side by side.")]
Output = Annotated[Form, typer.Option("--output", "-o", help="How to print it.")]


@app.command()
def up(
    *,
    name: Name = "andon",
    node: Annotated[list[str] | None, typer.Option(help="A node of this tier: edge or cloud; may be repeated.")] = None,
    specs: Annotated[Path | None, typer.Option(help="Folder that becomes the plant's git repository.")] = None,
    scrape: Annotated[str, typer.Option("--prometheus-scrape", help="How often Prometheus scrapes.")] = "2s",
    speed: Annotated[float, typer.Option(min=1.0, help="How many times faster than the real plant rows come.")] = 900.0,
    images: Annotated[Path | None, typer.Option(help="YAML file of more images that pods may name, and their commands.")] = None,
) -> None:
    """Start a lab; it goes on in the background until `andon lab down`."""
    from andon.lab import daemon, toolchain
    from andon.lab.lab import NODES, SPECS, Options
    from andon.lab.state import folder_of, supervisor

    options = Options(name, tuple(node or NODES), specs or SPECS, scrape, speed, images)
    already = supervisor(folder_of(name)) is not None
    begun = time.monotonic()
    try:
        toolchain.ensure()
        state = daemon.up(options, _say_ready)
    except KeyboardInterrupt:
        raise UserError(f"lab {name} goes on starting in the background; see: andon lab status --name {name}") from None
    how = "is already up" if already else f"is up ({time.monotonic() - begun:.1f} s)"
    typer.echo(f"lab {name} {how}; export KUBECONFIG={state.kubeconfig}")


@app.command()
def down(name: Name = "andon") -> None:
    """End a lab: no process is left; its logs stay until it is started anew."""
    from andon.lab import daemon

    typer.echo(f"lab {name} is down" if daemon.down(name) else f"there is no lab {name}")


@app.command()
def status(name: Name = "andon", output: Output = Form.TABLE) -> None:
    """Say how each process of a lab is."""
    from andon.lab.state import Phase

    state = _state(name)
    if output is Form.JSON:
        typer.echo(json.dumps(asdict(state), indent=2))
    else:
        _table(state)
    if state.phase is not Phase.READY:
        raise typer.Exit(Exit.FAILED)


@app.command()
def logs(
    component: Annotated[str, typer.Argument(help="Name as in `andon lab status`, `supervisor`, or NAMESPACE/POD.")],
    name: Name = "andon",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows, until Ctrl-C.")] = False,
) -> None:
    """Print the log of one process."""
    from andon.lab.state import folder_of

    path = _pod_log(folder_of(name), component) if "/" in component else folder_of(name) / "logs" / f"{component}.log"
    if not path.exists():
        known = ", ".join(sorted(log.stem for log in path.parent.glob("*.log"))) or "none"
        raise UserError(f"lab {name} has no log of {component}; there are: {known}")
    with path.open(errors="replace") as log:
        try:
            _copy(log, follow)
        except KeyboardInterrupt:
            return


@app.command()
def kubeconfig(name: Name = "andon") -> None:
    """Print where the administrator's kubeconfig is: export KUBECONFIG=$(andon lab kubeconfig)."""
    typer.echo(_state(name).kubeconfig)


def _pod_log(folder: Path, pod: str) -> Path:
    """The log of `NAMESPACE/POD` on whichever node it ran."""
    from andon.lab.node.logs import log_of

    for node in folder.glob("nodes/*"):
        try:
            return log_of(node, *pod.split("/", 1))
        except LookupError:
            continue
    raise UserError(f"no node of this lab has run {pod}; see: kubectl get pods --all-namespaces")


def _copy(log: TextIO, follow: bool) -> None:
    while (line := log.readline()) or follow:
        if line:
            sys.stdout.write(line)
        else:
            sys.stdout.flush()
            time.sleep(0.2)


def _say_ready(row: "Row") -> None:
    typer.echo(f"  {row.name} {row.stage.lower()} after {row.seconds:.1f} s", err=True)


def _state(name: str) -> "State":
    from andon.lab.state import State, folder_of

    state = State.read(folder_of(name))
    if state is None:
        raise UserError(f"there is no lab {name}; start it: andon lab up --name {name}")
    return state


def _table(state: "State") -> None:
    typer.echo(f"lab {state.name}: {state.phase}" + (f": {state.message}" if state.message else ""))
    if state.components:
        typer.echo(f"{'NAME':24}{'PID':>8}  {'STATE':11}{'READY AFTER':>11}  {'RESTARTS':>8}  ADDRESS")
    for row in state.components:
        seconds = "" if row.seconds is None else f"{row.seconds:.1f} s"
        typer.echo(f"{row.name:24}{row.pid or '':>8}  {row.stage:11}{seconds:>11}  {row.restarts:>8}  {row.address}")
