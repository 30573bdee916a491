"""How do the four kinds look in a terminal, and in a pipe?

Columns are the cluster's own; beside them stands what an object waits for, or beneath the table where a line is too short for
both. A pipe gets one line for each object, whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from andon.watch.cluster import Listing
from andon.watch.drawing import COLOURS
from andon.watch.standing import Standing, standing

_GAP: Final = 3
_BESIDE: Final = 32
"""Columns that a sentence needs to stand beside its object."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One object: its cells, and how it is."""

    name: str
    cells: tuple[str, ...]
    stands: Standing


def show(listings: Iterable[Listing], console: Console, *, wide: bool = False, namespaces: bool = False) -> None:
    """Print the listings that are not empty, a heading each. namespaces: say where each object is."""
    filled = [listing for listing in listings if listing.rows]
    for number, listing in enumerate(filled):
        if number:
            console.print()
        if len(filled) > 1:
            console.print(Text(listing.kind.name, style="bold"))
        head, lines = _cells(listing, wide, namespaces)
        _print(head, lines, console)


def _cells(listing: Listing, wide: bool, namespaces: bool) -> tuple[list[str], list[_Line]]:
    """Head and lines, without what nobody asked for."""
    shown = [i for i, column in enumerate(listing.columns) if wide or not column.wide]
    head = ["NAMESPACE"] * namespaces + [listing.columns[i].name.upper() for i in shown]
    lines = []
    for row in listing.rows:
        metadata = row.object["metadata"]
        cells = (*[metadata["namespace"]] * namespaces, *(row.cells[i] for i in shown))
        lines.append(_Line(metadata["name"], cells, standing(row.object)))
    return head, lines


def _print(head: Sequence[str], lines: Sequence[_Line], console: Console) -> None:
    widths = [max(cell_len(text) for text in column) for column in zip(head, *(line.cells for line in lines), strict=True)]
    kept = _fitting(widths, console.width)
    sentence = max(cell_len(line.stands.waits_for) for line in lines)
    beside = console.width - sum(w + _GAP for w in widths[:kept]) >= min(_BESIDE, sentence)
    grid = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for name in head[:kept]:
        grid.add_column(name, no_wrap=True)
    if beside and sentence:
        grid.add_column("WAITS FOR", overflow="fold")
    for line in lines:
        said = [Text(line.stands.waits_for)] if beside and sentence else []
        grid.add_row(*line.cells[:kept], *said, style=COLOURS[line.stands.mood])
    console.print(grid)
    for line in lines:
        if line.stands.waits_for and not beside:
            console.print(Text(f"{line.name}: {line.stands.waits_for}", style=COLOURS[line.stands.mood]))


def _fitting(widths: Sequence[int], room: int) -> int:
    """How many columns there is room for, two at the least; the first matter most."""
    kept = len(widths)
    while kept > 2 and sum(width + _GAP for width in widths[:kept]) - _GAP > room:
        kept -= 1
    return kept
