"""``andon lab plant``: command the lab's plant from a terminal."""

import json
from typing import Annotated, Any

import typer

from andon.api.errors import UserError

app = typer.Typer(no_args_is_help=True, help="Let the lab's plant misbehave on command.")

Name = Annotated[str, typer.Option("--name", "-n", help="Which lab's plant is meant.")]
Control = Annotated[str | None, typer.Option("--control", metavar="URL", help="Control address of a plant, instead of a lab's.")]
TagName = Annotated[str, typer.Argument(metavar="TAG", help="XMEAS_1 to XMEAS_41 or XMV_1 to XMV_11.")]


@app.command()
def stick(tag: TagName, name: Name = "andon", control: Control = None) -> None:
    """Let a sensor keep its value while its source time goes on."""
    _send(name, control, {"do": "stick", "tag": tag})


@app.command(context_settings={"ignore_unknown_options": True})
def bias(
    tag: TagName,
    amount: Annotated[float, typer.Argument(help="What it shows too much, in its unit; may be negative.")],
    name: Name = "andon",
    control: Control = None,
) -> None:
    """Let a sensor show too much or too little."""
    _send(name, control, {"do": "bias", "tag": tag, "amount": amount})


@app.command()
def drop(tag: TagName, name: Name = "andon", control: Control = None) -> None:
    """Let a sensor fall silent: no new values."""
    _send(name, control, {"do": "drop", "tag": tag})


@app.command()
def bad(tag: TagName, name: Name = "andon", control: Control = None) -> None:
    """Let a sensor report its own failure (status Bad)."""
    _send(name, control, {"do": "bad", "tag": tag})


@app.command()
def fault(
    number: Annotated[int, typer.Argument(help="Fault of the Tennessee Eastman process: 1, 2, 4, 5, 6, 7, 8 or 13; 0 is none.")],
    name: Name = "andon",
    control: Control = None,
) -> None:
    """Let the process itself suffer a fault."""
    _send(name, control, {"do": "fault", "number": number})


@app.command()
def normal(name: Name = "andon", control: Control = None) -> None:
    """End all faults."""
    _send(name, control, {"do": "normal"})


@app.command()
def state(name: Name = "andon", control: Control = None) -> None:
    """Say what is wrong at present, and how far the replay is."""
    _send(name, control, None)


def _send(name: str, control: str | None, command: dict[str, Any] | None) -> None:
    from andon.lab.plant.control import send

    typer.echo(json.dumps(send(control.rstrip("/") if control else control_of(name), command)))


def control_of(name: str) -> str:
    """Control address of a lab's plant, as the plant itself wrote it down. Raises UserError when there is none."""
    from andon.lab.state import folder_of

    try:
        return (folder_of(name) / "plant" / "control").read_text().strip()
    except OSError:
        raise UserError(f"lab {name} has no plant; start it: andon lab up --name {name}") from None
