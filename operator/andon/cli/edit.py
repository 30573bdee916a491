"""`andon edit`: one value of one object changes in a file, and no other byte."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from andon.api.exits import Exit
from andon.cli.forms import Nameless, NamelessOutput, put
from andon.cli.options import alone
from andon.ports.splice import ObjectRef, Refusal, parsed
from andon.ports.splice.file import Edit
from andon.ports.splice.file import edit as written


def _not_empty(said: str) -> str:
    if not said.strip():
        raise typer.BadParameter("it is empty; name one")
    return said


def edit(
    where: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file, or a folder in which to look for the object.")],
    *,
    kind: Annotated[str, typer.Option(help="Of the object, such as ModelDeployment.", callback=_not_empty)],
    name: Annotated[str, typer.Option(help="Of the object.", callback=_not_empty)],
    path: Annotated[str, typer.Option(help='Of the value: spec.tags[0].unit, spec.tags[name=x].unit, metadata.labels["a.b/c"].')],
    value: Annotated[str, typer.Option(help="What is to stand there.")],
    namespace: Annotated[str, typer.Option("-n", "--namespace", help="Of the object; by default whichever it is.")] = "",
    output: NamelessOutput = Nameless.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as -o json.")] = False,
) -> None:
    """Change one value of one object in a file, and no other byte.

    For example: andon edit plant.yaml --kind ModelDeployment --name reactor --path spec.model.mlflow.version --value 3
    """
    form = Nameless.JSON if as_json else output
    try:
        made = written(where, ObjectRef("", kind, namespace, name), parsed(path), value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except Refusal as refusal:
        _tell(_refused(refusal, value), form)
        raise typer.Exit(Exit.REFUSED) from refusal
    _tell(_made(made, path), form)
    raise typer.Exit(Exit.OK if made.changed else Exit.ALREADY)


def _made(made: Edit, path: str) -> dict[str, Any]:
    said = f"{path}: {made.old} -> {made.new}" if made.changed else f"{path} is {made.new} already"
    reason = None if made.changed else "AlreadySo"
    return {"changed": made.changed, "reason": reason, "message": f"{made.file}:{made.line}: {said}", **asdict(made)}


def _refused(refusal: Refusal, value: str) -> dict[str, Any]:
    where = {"file": refusal.file, "line": refusal.line, "old": None, "new": value}
    return {"changed": False, "reason": refusal.reason, "message": str(refusal), **where}


def _tell(said: dict[str, Any], form: Nameless) -> None:
    if form is not Nameless.TEXT:
        put(said, form)
    elif said["reason"] in {None, "AlreadySo"}:
        typer.echo(said["message"])
    else:
        typer.echo(f"andon edit: {said['message']} ({said['reason']})", err=True)


app = alone(edit)
