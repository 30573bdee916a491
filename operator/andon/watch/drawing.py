"""How does a tree look in a terminal?"""

from collections.abc import Iterable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from andon.watch.node import Node
from andon.watch.standing import Mood

COLOURS: Final = {
    Mood.GOOD: "green",
    Mood.BUSY: "cyan",
    Mood.WAITS: "yellow",
    Mood.ASKS: "magenta",
    Mood.BAD: "red",
    Mood.UNKNOWN: "yellow",
}
_SIGNS: Final = {Mood.GOOD: "●", Mood.BUSY: "◐", Mood.WAITS: "◌", Mood.ASKS: "?", Mood.BAD: "✗", Mood.UNKNOWN: "○"}
"""A terminal without colours, and one who does not see them, has these."""


_ENDLESS: Final = 100_000


def terminal() -> Console:
    """Where commands print. A pipe has no edge: nothing is cut or broken there."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_ENDLESS)


def drawn(roots: Iterable[Node], trouble: str | None = None) -> RenderableType:
    """All trees, and what is wrong with the view itself beneath."""
    pictures: list[RenderableType] = [_tree(root) for root in roots]
    if trouble:
        pictures.append(Text(trouble, style="yellow"))
    return Group(*pictures)


def _tree(root: Node) -> Tree:
    picture = Tree(_label(root), guide_style="dim")
    _hang(picture, root)
    return picture


def _hang(picture: Tree, node: Node) -> None:
    for child in node.children:
        _hang(picture.add(_label(child)), child)


def _label(node: Node) -> RenderableType:
    colour = COLOURS[node.mood]
    line = Text.assemble(
        (f"{_SIGNS[node.mood]} ", colour), (f"{node.kind} ", "dim"), (node.name, "bold"), "  ", (node.said, colour)
    )
    return Group(line, Text(node.waits_for, style="dim")) if node.waits_for else line
