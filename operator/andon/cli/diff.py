"""`andon diff`: what would these files change, and what would they overrule?"""

from typing import Annotated

import typer
from rich.text import Text

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.api.kinds import KINDS
from andon.cli.forms import Form, Output, put, put_names
from andon.cli.options import Kubeconfig, Namespace, alone
from andon.compare.change import Becomes, Change, changes, pruned
from andon.compare.lost import Loss, losses
from andon.lint.files import contents
from andon.lint.shape import is_ours
from andon.lint.source import Document, SourceError, documents
from andon.ports.terminal import ApiServer, current_namespace
from andon.steer.syncer import syncer
from andon.watch.drawing import terminal
from andon.watch.family import Snapshot
from andon.watch.follow import once
from andon.watch.standing import Object

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def diff(
    specs: Annotated[list[str], typer.Argument(metavar="SPECS...", help="Files, folders, or - for what is piped in.")],
    *,
    prune: Annotated[bool, typer.Option("--prune", help="What a syncer applied and is not in SPECS would be deleted.")] = False,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """What would change in the cluster, and which decisions would be lost. The API server is asked and keeps nothing.

    Exits with 1 where a decision, or a person's word, would be lost or overruled.

    For example: andon diff clusters/plant-a -n plant-a --prune, or kustomize build . | andon diff -
    """
    file = str(kubeconfig) if kubeconfig else None
    api, where = ApiServer(file), namespace or current_namespace(file)
    found = list(changes(api, iter(_ours(specs)), where))
    snapshots = {space: once(api, space) for space in dict.fromkeys([change.namespace for change in found] or [where])}
    if prune:
        found += [change for snapshot in snapshots.values() for change in _unnamed(snapshot, found)]
    lost = [
        loss for space, snapshot in snapshots.items() for loss in losses([c for c in found if c.namespace == space], snapshot)
    ]
    _show(found, lost, output)
    raise typer.Exit(Exit.FAILED if lost else Exit.OK)


def _ours(specs: list[str]) -> list[Document]:
    """Raises UserError for a file that is no YAML, or holds nothing of Andon's at all."""
    found = []
    for file, data in contents(specs):
        try:
            found += [document for document in documents(file, data) if is_ours(document)]
        except SourceError as error:
            line, column = error.mark
            raise UserError(f"{file}:{line}:{column}: {error}; see: andon lint {file}") from error
    if not found:
        raise UserError(f"nothing of Andon's is in {', '.join(specs)}; name files or folders with objects of the four kinds")
    return found


def _unnamed(snapshot: Snapshot, found: list[Change]) -> list[Change]:
    """What something applied from git, and these files do not name."""
    named = {(change.kind.name, change.namespace, change.name) for change in found}
    kinds = {kind.name: kind for kind in KINDS}
    gone = [obj for obj in snapshot.objects if _key(obj) not in named and syncer(obj) is not None]
    return [pruned(obj, kinds[obj["kind"]]) for obj in gone if obj["kind"] in kinds]


def _key(obj: Object) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"]


def _show(found: list[Change], lost: list[Loss], output: Form) -> None:
    differing = [change for change in found if change.becomes is not Becomes.UNCHANGED]
    match output:
        case Form.NAME:
            put_names((change.kind.name, change.name) for change in differing)
        case Form.TEXT:
            _print(differing, lost)
        case _:
            told = [
                {"object": str(change), "file": change.file, "becomes": change.becomes.value, "diff": change.lines}
                for change in found
            ]
            put({"changes": told, "lost": [loss.as_json() for loss in lost]}, output)


def _print(differing: list[Change], lost: list[Loss]) -> None:
    console = terminal()
    for change in differing:
        console.print(Text(f"{change} would be {change.becomes}", style="bold"), soft_wrap=True)
        for line in change.lines[2:]:
            console.print(Text(line, style=_COLOURS.get(line[:1], "")), soft_wrap=True)
    if not differing:
        console.print("nothing would change")
    for loss in lost:
        told = Text.assemble(("lost: ", "red"), (f"{loss.about} ", "bold"), f"({loss.object}): {loss.message}")
        console.print(told, soft_wrap=True)


app = alone(diff)
