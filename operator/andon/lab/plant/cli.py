"""``andon lab plant``: command the lab's plant from a terminal."""

import json
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Let the lab's plant misbehave on command.")

Lab = Annotated[str, typer.Option("--lab", help="Name of the lab whose plant is meant.")]
Control = Annotated[str | None, typer.Option("--control", metavar="URL", help="Control address of a plant, instead of a lab's.")]
TagName = Annotated[str, typer.Argument(metavar="TAG", help="XMEAS_1 to XMEAS_41 or XMV_1 to XMV_11.")]


@app.command()
def stick(tag: TagName, lab: Lab = "andon", control: Control = None) -> None:
    """Let a sensor keep its value while its source time goes on."""
    _send(lab, control, {"do": "stick", "tag": tag})


@app.command(context_settings={"ignore_unknown_options": True})
def bias(
    tag: TagName,
    amount: Annotated[float, typer.Argument(help="What it shows too much, in its unit; may be negative.")],
    lab: Lab = "andon",
    control: Control = None,
) -> None:
    """Let a sensor show too much or too little."""
    _send(lab, control, {"do": "bias", "tag": tag, "amount": amount})


@app.command()
def drop(tag: TagName, lab: Lab = "andon", control: Control = None) -> None:
    """Let a sensor fall silent: no new values."""
    _send(lab, control, {"do": "drop", "tag": tag})


@app.command()
def bad(tag: TagName, lab: Lab = "andon", control: Control = None) -> None:
    """Let a sensor report its own failure (status Bad)."""
    _send(lab, control, {"do": "bad", "tag": tag})


@app.command()
def fault(
    number: Annotated[int, typer.Argument(help="Fault of the Tennessee Eastman process: 1, 2, 4, 5, 6, 7, 8 or 13; 0 is none.")],
    lab: Lab = "andon",
    control: Control = None,
) -> None:
    """Let the process itself suffer a fault."""
    _send(lab, control, {"do": "fault", "number": number})


@app.command()
def normal(lab: Lab = "andon", control: Control = None) -> None:
    """End all faults."""
    _send(lab, control, {"do": "normal"})


@app.command()
def state(lab: Lab = "andon", control: Control = None) -> None:
    """Say what is wrong at present, and how far the replay is."""
    _send(lab, control, None)


def _send(lab: str, control: str | None, command: dict[str, Any] | None) -> None:
    from andon.lab.plant.control import CommandFailedError, send

    try:
        typer.echo(json.dumps(send(control.rstrip("/") if control else control_of(lab), command)))
    except CommandFailedError as error:
        typer.echo(f"andon lab plant: {error}", err=True)
        raise typer.Exit(1) from error


def control_of(lab: str) -> str:
    """Control address of a lab's plant, as the plant itself wrote it down. Raises CommandFailedError."""
    from andon.lab.plant.control import CommandFailedError
    from andon.lab.state import folder_of

    path = folder_of(lab) / "plant" / "control"
    try:
        return path.read_text().strip()
    except OSError as error:
        raise CommandFailedError(
            f"lab {lab!r} has no plant ({path}: {error.strerror}); name another with --lab, or --control URL"
        ) from error
