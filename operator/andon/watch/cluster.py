"""What is in the cluster, asked once: objects of the four kinds as documents, and as the columns their CRDs name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from andon.api import GROUP, VERSION
from andon.api.errors import UserError, nearest
from andon.api.kinds import KINDS, Kind
from andon.ports.terminal import ApiServer, AwayError, NotFoundError, Place, unanswered
from andon.watch.standing import Object

_AS_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io"


@dataclass(frozen=True, slots=True)
class Column:
    """One column that the kind's CRD names. wide: shown only when asked for."""

    name: str
    wide: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One object and its cells, in the order of the columns."""

    cells: tuple[str, ...]
    object: Object


@dataclass(frozen=True, slots=True)
class Listing:
    """Objects of one kind, as the cluster would show them."""

    kind: Kind
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def kind_named(word: str) -> Kind:
    """The kind of this name, plural or short name; its group may follow, as kubectl has it. Raises UserError naming all."""
    for kind in KINDS:
        if word.lower().removesuffix(f".{GROUP}") in {kind.name.lower(), kind.plural, kind.short}:
            return kind
    known = ", ".join(f"{kind.name.lower()} ({kind.short})" for kind in KINDS)
    raise UserError(f"{word!r} is none of Andon's kinds: {known}")


def reference(word: str) -> tuple[Kind | None, str]:
    """Kind and name of KIND/NAME, as kubectl and `-o name` have it; no kind of a NAME alone. Raises UserError as `kind_named`."""
    kind, _, name = word.rpartition("/")
    return (kind_named(kind) if kind else None), name


def place_of(kind: Kind, namespace: str | None, name: str | None = None) -> Place:
    """Where objects of a kind are. namespace: None for all of them."""
    inside, where = (f"/namespaces/{namespace}", f"namespace {namespace}") if namespace else ("", "all namespaces")
    one, what = (f"/{name}", f"{kind.name.lower()} {name}") if name else ("", kind.plural)
    return Place(f"/apis/{GROUP}/{VERSION}{inside}/{kind.plural}{one}", f"{what} in {where}")


def object_named(api: ApiServer, kind: Kind, namespace: str, name: str) -> Object:
    """One object. Raises UserError with the nearest names when there is none, or when it cannot be read."""
    document: Object = _read(api, kind, namespace, name)
    return {**document, "kind": kind.name}


def listing(api: ApiServer, kind: Kind, namespace: str | None, name: str | None = None) -> Listing:
    """Raises UserError when it cannot be read, or there is none of this name."""
    document = _read(api, kind, namespace, name, table=True)
    columns = tuple(Column(c["name"], wide=c.get("priority", 0) > 0) for c in document["columnDefinitions"])
    rows = (Row(tuple(map(_cell, row["cells"])), _of_kind(kind, row["object"])) for row in document.get("rows") or ())
    return Listing(kind, columns, tuple(rows))


def _read(api: ApiServer, kind: Kind, namespace: str | None, name: str | None, *, table: bool = False) -> Any:
    place = place_of(kind, namespace, name)
    try:
        return api.get(place, {"includeObject": "Object"}, _AS_TABLE) if table else api.get(place)
    except NotFoundError as error:
        others = api.read(place_of(kind, namespace))["items"]  # says so where the cluster does not know the kind
        raise UserError(f"{error}{nearest(name or '', (other['metadata']['name'] for other in others))}") from None
    except AwayError as error:
        raise unanswered(place, error) from error


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _of_kind(kind: Kind, obj: Mapping[str, Any]) -> Object:
    """Without what only the API server reads."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind.name, **obj, "metadata": metadata}
