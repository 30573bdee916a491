"""What does a path lead to in one document, and would a change there change anything else?"""

from collections.abc import Iterator

from andon.ports.splice.path import Item, Path, Step, written
from andon.ports.splice.refusal import Refusal
from andon.ports.splice.syntax import Alias, Collection, List, Mapping, Node, Scalar


def child(file: str, node: Node | None, key: str) -> Node | None:
    """The value of a mapping's key; None where there is none. Raises Refusal when the key is written twice."""
    if not isinstance(node, Mapping):
        return None
    values = [value for name, value in node.entries() if text(name) == key]
    if len(values) > 1:
        raise Refusal("DuplicateKey", f"{key} is written twice; leave one", file, values[1].line)
    return values[0] if values else None


def below(file: str, node: Node | None, *keys: str) -> Node | None:
    """What stands there, whoever shares it: for reading."""
    for key in keys:
        node = child(file, _followed(node), key)
    return _followed(node)


def text(node: Node | None) -> str | None:
    """A scalar's value; None for all else."""
    node = _followed(node)
    return node.value if isinstance(node, Scalar) else None


def items(node: Node | None) -> list[Node]:
    """Of a list, each as it is; none of all else."""
    node = _followed(node)
    return [item.of if isinstance(item, Alias) else item for item in node.children] if isinstance(node, List) else []


def mappings(root: Node) -> Iterator[Mapping]:
    """All there are in a document, however deep."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            yield node
        if isinstance(node, Collection):
            waiting += node.children


def holds(file: str, node: Node, path: Path) -> bool:
    """Whether the document says anything there, or puts one value in the place of what leads there."""
    at: Node | None = node
    for step in path:
        at = _followed(at)
        if at is not None and not isinstance(at, Mapping | List):
            return True
        at = next(iter(_steps(file, at, step)), None)
        if at is None:
            return False
    return True


def node_at(file: str, root: Node, path: Path) -> Node:
    """What the path leads to. Raises Refusal when it is not there, or not there alone."""
    node = root
    for depth, step in enumerate(path):
        _refuse_shared(file, node, path[:depth])
        found = _steps(file, node, step)
        if len(found) != 1:
            raise _missing(file, node, path[: depth + 1], len(found))
        node = found[0]
    _refuse_shared(file, node, path)
    return node


def lines_to(file: str, root: Node, path: Path) -> list[int]:
    """On which the document, and each key or item on the way to what `node_at` finds, begins."""
    node, lines = root, [root.line]
    for step in path:
        keys = [key for key, _ in node.entries() if text(key) == step] if isinstance(node, Mapping) else []
        node = _steps(file, node, step)[0]
        lines.append((*keys, node)[0].line)
    return lines


def _followed(node: Node | None) -> Node | None:
    return node.of if isinstance(node, Alias) else node


def _steps(file: str, node: Node | None, step: Step) -> list[Node]:
    if isinstance(step, str):
        found = child(file, node, step)
        return [] if found is None else [found]
    if not isinstance(node, List):
        return []
    if isinstance(step, int):
        return node.children[step : step + 1]
    return [item for item in node.children if _is(file, item, step)]


def _is(file: str, item: Node, wanted: Item) -> bool:
    return text(child(file, _followed(item), wanted.field)) == wanted.value


def _missing(file: str, node: Node, path: Path, found: int) -> Refusal:
    if found:
        return Refusal("Ambiguous", f"{written(path)} are {found} items; name one by its index", file, node.line)
    if isinstance(node, Mapping) and any(isinstance(k, Scalar) and k.value == "<<" and not k.style for k, _ in node.entries()):
        return Refusal("MergeKey", f"{written(path)} comes from a merge (<<); write it out", file, node.line)
    return Refusal("FieldNotFound", f"{written(path)} is not there; write it out once", file, node.line)


def _refuse_shared(file: str, node: Node, path: Path) -> None:
    what = written(path) or "the document"
    if isinstance(node, Alias):
        message = f"{what} is an alias (*{node.anchor}) that {_others(node.of)}; edit the anchor at line {node.of.line} instead"
        raise Refusal("Alias", message, file, node.line)
    if node.uses:
        message = f"{what} has an anchor (&{node.anchor}) that {_others(node)}; edit it by hand, or write it out"
        raise Refusal("Alias", message, file, node.line)


def _others(shared: Node) -> str:
    return "another field shares" if shared.uses == 1 else f"{shared.uses} others share"
