"""The figures as a table, and what must hold of them."""

from collections.abc import Sequence
from typing import Any, Final

from ..decisions.report import table
from ..serve.report import machine
from .scenes import RACERS, Result

LONGEST_RACE: Final = 60.0

Found = dict[str, Any]


def document(results: Sequence[Result]) -> Found:
    """What is kept of a run."""
    return {"machine": machine(), "results": list(results), "musts": musts(results)}


def musts(results: Sequence[Result]) -> list[Found]:
    """Of the scenes that were played."""
    scenes = {result["scene"]: result for result in results}
    found = []
    if race := scenes.get("race"):
        found += [
            _must("of twenty racing decisions, landed once", race["landedOnce"], RACERS, race["landedOnce"] == RACERS),
            _must("seconds until they have", race["seconds"], LONGEST_RACE, race["seconds"] <= LONGEST_RACE),
        ]
    if two := scenes.get("two operators"):
        ok = two["commits"] == two["decisions"]
        found.append(_must("commits of the same decisions by two operators", two["commits"], two["decisions"], ok))
    if many := scenes.get("thousand"):
        found += [
            _must(f"{what} left after {many['commits']} commits", many[key], 0, many[key] <= 0)
            for key, what in (("childrenLeft", "child processes"), ("filesLeft", "open files"))
        ]
    return found


def _must(name: str, value: float, limit: float, ok: bool) -> Found:
    return {"name": name, "value": value, "limit": limit, "ok": ok}


def text(found: Found) -> str:
    """All of it, as Markdown."""
    rows = [
        [result["scene"], ", ".join(f"{key} {value}" for key, value in result.items() if key != "scene")]
        for result in found["results"]
    ]
    musts_ = [[m["name"], f"{m['value']:g}", f"{m['limit']:g}", "holds" if m["ok"] else "**does not**"] for m in found["musts"]]
    return "\n\n".join([table(["scene", "found"], rows), table(["must", "value", "limit", ""], musts_)])
