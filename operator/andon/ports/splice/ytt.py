"""Does ytt make something else of a line? Its templates are YAML, and all that it does stands in comments: `#@`."""

import re
from collections.abc import Sequence
from typing import Final

from andon.ports.splice.refusal import Refusal
from andon.ports.splice.syntax import BREAK

_SAID: Final = re.compile(r"(?<!\S)#@")
_ANNOTATES: Final = re.compile(r"\s*#@(?:\S| +\w+/end\b)")  # what follows; other lines of code do not
_PASSED_OVER: Final = re.compile(r"\s*(?:#|---|$)")
_OPENS: Final = re.compile(r"\s*#@ +(?:if|for|while|def)\b(?!/)")
_CLOSES: Final = re.compile(r"\s*#@ +end\b")


def refuse(file: str, text: str, way: Sequence[int]) -> None:
    """way: lines that lead to a value, the last its own. Raises Refusal where a comment is about one of them."""
    if "#@" not in text:
        return
    lines = ["", *BREAK.split(text)]
    about = (comment for line in reversed(way) if (comment := _about(lines, line)))
    if comment := next(about, None) or _around(lines[: way[-1]]):
        raise Refusal("Templated", f"ytt fills in, repeats or leaves out line {way[-1]}; edit what does so", file, comment)


def _about(lines: Sequence[str], line: int) -> int | None:
    """The line of a comment on it, or above it."""
    if _SAID.search(lines[line]):
        return line
    for above in range(line - 1, 0, -1):
        if _ANNOTATES.match(lines[above]):
            return above
        if not _PASSED_OVER.match(lines[above]):
            break
    return None


def _around(lines: Sequence[str]) -> int | None:
    """The line of the last `if`, `for` or `def` that has not ended."""
    open_ = list[int]()
    for number, line in enumerate(lines):
        if _OPENS.match(line):
            open_.append(number)
        elif _CLOSES.match(line):
            del open_[-1:]
    return open_[-1] if open_ else None
