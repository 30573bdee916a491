"""`andon get`: what is there, how is it, and what does it wait for?"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from andon.api.errors import UserError
from andon.api.kinds import KINDS, Kind
from andon.cli import completion
from andon.cli.forms import put, put_names
from andon.cli.options import Kubeconfig, Namespace, alone
from andon.cli.usage import understood
from andon.ports.terminal import ApiServer, current_namespace
from andon.watch.cluster import Listing, kind_named, listing, reference
from andon.watch.drawing import terminal
from andon.watch.standing import Object
from andon.watch.table import show


class Form(StrEnum):
    """How objects are printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


def get(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help="A kind, its plural or short name; by default all. KIND/NAME is one object.",
            autocompletion=completion.kinds,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="One object of this kind.", autocompletion=completion.objects),
    ] = None,
    *,
    namespace: Namespace = None,
    everywhere: Annotated[bool, typer.Option("-A", "--all-namespaces", help="Objects of all namespaces.")] = False,
    output: Annotated[Form, typer.Option("-o", "--output", help="How to print them.")] = Form.TABLE,
    kubeconfig: Kubeconfig = None,
) -> None:
    """How is everything, and what does it wait for?

    For example: andon get -n plant-a, or andon get mdep product-e -o yaml
    """
    with understood("KIND"):
        kinds, name = _wanted(kind, name)
    if name and everywhere:
        raise typer.BadParameter("an object has a name within its namespace: give -n NAMESPACE instead", param_hint="-A")
    file = str(kubeconfig) if kubeconfig else None
    where = None if everywhere else namespace or current_namespace(file)
    api = ApiServer(file)
    found = [listing(api, each, where, name) for each in kinds]
    match output:
        case Form.JSON | Form.YAML:
            put(_document(found, single=name is not None), output)
        case Form.NAME:
            put_names((each.kind.name, row.object["metadata"]["name"]) for each in found for row in each.rows)
        case _:
            _print_table(found, where, wide=output is Form.WIDE)


def _wanted(kind: str | None, name: str | None) -> tuple[Sequence[Kind], str | None]:
    """Kinds, and the one object of them. Raises UserError for what is none."""
    if kind is None or "/" not in kind:
        return ([kind_named(kind)] if kind else KINDS), name
    if name is not None:
        raise UserError(f"{kind} names an object already; leave out {name}")
    one, named = reference(kind)
    return ([one] if one else KINDS), named


def _print_table(found: list[Listing], where: str | None, *, wide: bool) -> None:
    if not any(each.rows for each in found):
        typer.echo(f"nothing of Andon's in {f'namespace {where}' if where else 'any namespace'}", err=True)
    show(found, terminal(), wide=wide, namespaces=where is None)


def _document(found: list[Listing], *, single: bool) -> Object:
    objects = [row.object for each in found for row in each.rows]
    return objects[0] if single else {"apiVersion": "v1", "kind": "List", "items": objects}


app = alone(get)
