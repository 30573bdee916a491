"""Which object does a document declare?"""

from collections.abc import Iterator
from dataclasses import dataclass

from andon.ports.splice.path import Path
from andon.ports.splice.syntax import Mapping, Node
from andon.ports.splice.walk import below, child, items, text


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """The object that a document must declare. A document without a namespace counts when none names the right one.

    api_version, namespace: empty for whichever there is.
    """

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """As people read it: `ModelDeployment plant-a/reactor`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a document says it is. namespace: None where it does not say."""

    api_version: str | None
    kind: str | None
    namespace: str | None
    name: str | None

    @classmethod
    def of(cls, file: str, node: Node) -> "Declared":
        """Raises Refusal when one of these is written twice."""
        metadata = below(file, node, "metadata")
        return cls(
            text(child(file, node, "apiVersion")),
            text(child(file, node, "kind")),
            text(child(file, metadata, "namespace")),
            text(child(file, metadata, "name")),
        )


def objects(file: str, root: Node) -> Iterator[tuple[Path, Node]]:
    """The document, or each that a `kind: List` holds, and the way there. Raises Refusal.

    A List that aliases repeat is opened once: what it holds is shared, and no edit's to make.
    """
    waiting: list[tuple[Path, Node]] = [((), root)]
    opened = set[Node]()
    while waiting:
        way, node = waiting.pop()
        if not _is_list(file, node):
            yield way, node
        elif node not in opened:
            opened.add(node)
            held = [((*way, "items", index), item) for index, item in enumerate(items(child(file, node, "items")))]
            waiting += reversed(held)


def _is_list(file: str, node: Node) -> bool:
    return isinstance(node, Mapping) and (text(child(file, node, "kind")) or "").endswith("List")
