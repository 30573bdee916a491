"""How does the reason of a prediction look in a terminal?"""

from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from andon.watch.why.answer import Explained, time_of
from andon.watch.why.origin import Origin

SHOWN: Final = 12
"""Features with a bar of their own; the rest is summed."""

_HEAD: Final = ("FEATURE", "VALUE", "CONTRIBUTION")
_GAP: Final = 2
_HALF: Final = 20
_LEAST_HALF: Final = 4
"""Columns on each side of a bar's middle: less says nothing that the number does not."""
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_UP, _DOWN = "green", "red"


def drawn(why: Explained, origin: Origin, name: str, width: int) -> RenderableType:
    """The answer, a bar for each feature that mattered, and where it all comes from. width: of the terminal, in columns."""
    parts: list[RenderableType] = [_headline(why, name)]
    if why.contributions:
        parts += [Text(), _chart(why, width)]
    if why.unexplained:
        parts += [Text(), Text(why.unexplained, style="yellow")]
    parts += [Text(), _origin(origin), *(Text(remark, style="yellow") for remark in origin.remarks)]
    return Group(*parts)


def _headline(why: Explained, name: str) -> Text:
    prediction = why.prediction
    value = "no value" if prediction.value is None else number(prediction.value)
    quality = ", ".join(word for word in (prediction.quality, prediction.reason) if word)
    usual = f" Usual: {number(why.typical)}." if why.typical is not None else ""
    return Text.assemble(
        (f"{name}: {value}", "bold"),
        f" ({quality})" if quality else "",
        f" for {prediction.asset or 'the row'} at {time_of(prediction):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC,",
        f" by version {prediction.version}" + (f" as {prediction.slot}." if prediction.slot else ".") + usual,
    )


def _chart(why: Explained, width: int) -> Table:
    lines = _lines(why)
    cells = [(name, value, number(part, sign=True)) for name, value, part in lines]
    taken = sum(max(cell_len(line[i]) + _GAP for line in (_HEAD, *cells)) for i in range(len(_HEAD)))
    half = min(_HALF, (width - taken - 1) // 2)
    most = max(abs(part) for _, _, part in lines) or 1.0
    chart = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for title in _HEAD:
        chart.add_column(title, justify="left" if title == _HEAD[0] else "right", no_wrap=True)
    for line, (_, _, part) in zip(cells, lines, strict=True):
        chart.add_row(*line, *([bar(part / most, half)] if half >= _LEAST_HALF else []))
    return chart


def _lines(why: Explained) -> list[tuple[str, str, float]]:
    """Name, value and part: the strongest features, all others as one, and what belongs to none of them alone."""
    ordered = sorted(why.contributions, key=lambda c: -abs(c.contribution))
    lines = [(c.feature, number(c.value), c.contribution) for c in ordered[:SHOWN]]
    rest = ordered[SHOWN:]
    if rest:
        lines.append((f"{len(rest)} others", "", sum(c.contribution for c in rest)))
    if why.remainder is not None:
        lines.append(("acting together", "", why.remainder))
    return lines


def bar(share: float, half: int) -> Text:
    """From the middle to the right for more, to the left for less. share: in -1..1; half: columns of one side."""
    eighths = round(min(abs(share), 1.0) * half * 8)
    whole, part = divmod(eighths, 8)
    if share >= 0:
        return Text.assemble(" " * half, "│", ("█" * whole + _EIGHTHS[part].strip(), _UP))
    return Text.assemble(" " * (half - whole), ("█" * whole, _DOWN), "│")


def _origin(origin: Origin) -> Table:
    facts = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in origin.facts.items():
        facts.add_row(name, text)
    return facts


def number(value: float | None, *, sign: bool = False) -> str:
    """Four digits that matter, as a person writes them."""
    if value is None:
        return "–"
    return f"{value:+.4g}" if sign else f"{value:.6g}"
