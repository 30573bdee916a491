"""Which field of an object is meant?"""

import re
from typing import Final, NamedTuple

_KEY: Final = re.compile(r"[^.\[\]\s]+")
_STEP: Final = re.compile(
    r"""(?:^|\.)(?P<key>[^.\[\]\s]+)
      | \.?\[(?P<index>\d{1,9})\]
      | \.?\[(?P<field>[^\]=\["'\s]+)=(?P<value>[^\]]+)\]
      | \[(?P<quote>["'])(?P<quoted>.+?)(?P=quote)\]""",
    re.VERBOSE,
)


class Item(NamedTuple):
    """The one item of a list whose field has this value."""

    field: str
    value: str


Step = str | int | Item
Path = tuple[Step, ...]


def parsed(text: str) -> Path:
    """The steps of `spec.tags[name=xmeas_7].unit`, `spec.steps[0].weight`, `metadata.labels["app.kubernetes.io/name"]`.

    Raises ValueError.
    """
    steps: list[Step] = []
    end = 0
    while end < len(text):
        match = _STEP.match(text, end)
        if match is None:
            raise ValueError(f'{text!r} is no path from character {end + 1} on; write spec.tags[0].unit, [name=x] or ["a.b"]')
        steps.append(_step(match))
        end = match.end()
    if not steps or not isinstance(steps[0], str):
        raise ValueError(f"{text!r} is no path; begin with a field, such as spec.model.mlflow.version")
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["index"]:
        return int(match["index"])
    if match["field"]:
        return Item(match["field"], match["value"])
    return match["key"] or match["quoted"]


def written(path: Path) -> str:
    """As people read it, and as `parsed` understands it."""
    return "".join(map(_written, path)).removeprefix(".")


def _written(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if isinstance(step, Item):
        return f"[{step.field}={step.value}]"
    return f".{step}" if _KEY.fullmatch(step) else f'["{step}"]'
