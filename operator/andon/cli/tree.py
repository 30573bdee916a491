"""`andon tree`: what hangs on what, and how is it now?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.api.kinds import KINDS
from andon.cli.forms import Form, Output, put, put_names
from andon.cli.options import AnyObject, Kubeconfig, Namespace, alone
from andon.cli.usage import understood
from andon.ports.terminal import ApiServer, current_namespace
from andon.watch.cluster import reference
from andon.watch.drawing import drawn, terminal
from andon.watch.family import Snapshot, family
from andon.watch.follow import once, snapshots
from andon.watch.node import Node
from andon.watch.tree import tree as grown


@dataclass(frozen=True, slots=True)
class Named:
    """What a person asks for. kind: None for whichever has this name."""

    name: str
    kind: str | None

    def __str__(self) -> str:
        """As messages have it."""
        return f"{self.kind or 'object of Andon named'} {self.name}"


View = tuple[tuple[Node, ...], str | None]
"""Trees, and what is wrong with the view itself."""


def tree(
    name: AnyObject,
    *,
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Go on showing it as it changes, until Ctrl-C.")] = False,
    namespace: Namespace = None,
    output: Output = Form.TEXT,
    kubeconfig: Kubeconfig = None,
) -> None:
    """From the tags to the model's answers: sources, pipelines, deployments with slots and servers, and policies.

    For example: andon tree product-e -n plant-a --watch
    """
    with understood("NAME"):
        kind, own = reference(name)
    named = Named(own, kind.name if kind else None)
    if watch and output is Form.NAME:
        raise typer.BadParameter("names are printed once; leave out --watch, or take -o json", param_hint="-o")
    file = str(kubeconfig) if kubeconfig else None
    where, api = namespace or current_namespace(file), ApiServer(file)
    seen = snapshots(api, where) if watch else iter([once(api, where)])
    views = _changes(seen, named, where)
    try:
        _print(views, output, live=watch)
    except KeyboardInterrupt:
        raise typer.Exit(Exit.OK) from None


def _changes(seen: Iterable[Snapshot], named: Named, namespace: str) -> Iterator[View]:
    """What is to be shown, whenever it differs. Raises UserError where there is nothing of this name from the beginning."""
    shown: View | None = None
    for snapshot in seen:
        found = family(snapshot, named.name, named.kind)
        if found is None and shown is None:
            raise UserError(f"there is no {named} in namespace {namespace}; see: andon get -n {namespace}")
        gone = f"There is no {named} in namespace {namespace} any more."
        view = (grown(snapshot, found), snapshot.trouble) if found else ((), gone)
        if view != shown:
            shown = view
            yield view


def _print(views: Iterator[View], output: Form, *, live: bool) -> None:
    match output:
        case Form.NAME:
            put_names(named for roots, _ in views for root in roots for named in _objects(root))
        case Form.TEXT:
            _print_text(views, live=live)
        case _:
            for view in views:
                put(_document(view), output, many=live)


def _print_text(views: Iterator[View], *, live: bool) -> None:
    """In a terminal a live view is one picture that changes, elsewhere one picture after another."""
    console = terminal()
    if not (live and console.is_terminal):
        for view in views:
            console.print(drawn(*view), Text())
        return
    with Live(console=console, auto_refresh=False) as picture:
        for view in views:
            picture.update(drawn(*view), refresh=True)


def _objects(root: Node) -> Iterator[tuple[str, str]]:
    """Kind and name of each that is there: of one that is only named, nothing is known."""
    kinds = {kind.name for kind in KINDS}
    return ((node.kind, node.name) for node in root.all() if node.kind in kinds and node.details)


def _document(view: View) -> dict[str, object]:
    roots, trouble = view
    return {"trees": [root.as_json() for root in roots], "trouble": trouble}


app = alone(tree)
