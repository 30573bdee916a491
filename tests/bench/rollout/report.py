"""The figures as tables for a terminal and for the documentation, and what must hold of them."""

import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from typing import Any, Final

from .andon import INTERVAL, MIN_ROWS, WEIGHT
from .scenes import BAD, SETTINGS, TROUBLES, Result

INTERVALS: Final = {"fastest": "10 s, threshold 1", "default": "60 s, threshold 1"}
Found = dict[str, Any]


def document(results: Sequence[Result], rate: float) -> Found:
    """What is kept of a run. rate: rows a second."""
    return {"machine": _machine(), "setting": _setting(rate), "results": list(results), "musts": musts(results)}


def musts(results: Sequence[Result]) -> list[Found]:
    """Less on both than Flagger at its fastest, by medians; and nothing good is taken back."""
    found = []
    bad = [result for result in results if result["scene"] == BAD]
    if {"andon", "flagger"} <= {result["who"] for result in bad}:
        for field, what in (("seconds", "seconds from the first bad row"), ("badRows", "bad rows served")):
            value, limit = _median(bad, "andon", "", field), _median(bad, "flagger", "fastest", field)
            found.append({"name": f"{what}, less than Flagger's fastest", "value": value, "limit": limit, "ok": value < limit})
    ours = [result for result in results if result["scene"] != BAD and result["who"] == "andon"]
    if ours:
        false = sum(result["falseRollback"] for result in ours)
        found.append({"name": "false rollbacks", "value": false, "limit": 0, "ok": false == 0})
    return found


def text(found: Found) -> str:
    """All of it."""
    setting, results = found["setting"], found["results"]
    about = (
        f"{setting['rowsPerSecond']:g} rows a second; {setting['share']} % are the new version's from its first step on. "
        f"Andon looks every {setting['andonInterval']} and asks for {setting['andonMinRows']} rows."
    )
    parts = [about, _bad_table(results), _trouble_table(results), _musts_table(found["musts"])]
    return "\n\n".join(part for part in parts if part)


def _bad_table(results: Sequence[Result]) -> str:
    bad = [result for result in results if result["scene"] == BAD]
    rows = [
        [name, _spread(bad, who, setting, "seconds", ".1f"), _spread(bad, who, setting, "badRows", ".0f")]
        for who, setting, name in (
            ("andon", "", "Andon"),
            *(("flagger", setting, f"Flagger, {setting} ({INTERVALS[setting]})") for setting in SETTINGS),
        )
    ]
    return _table(["a bad version", "seconds from its first row until nobody gets it", "bad rows served"], rows) if bad else ""


def _trouble_table(results: Sequence[Result]) -> str:
    def did(scene: str, who: str, setting: str) -> str:
        found = [r["did"] for r in results if (r["scene"], r["who"], r["setting"]) == (scene, who, setting)]
        return found[0] if found else "-"

    scenes = [trouble for trouble in TROUBLES if any(result["scene"] == trouble.name for result in results)]
    rows = [
        [f"{t.illness.value} for {t.seconds:.0f} s", did(t.name, "andon", ""), *(did(t.name, "flagger", s) for s in SETTINGS)]
        for t in scenes
    ]
    head = ["Prometheus, while a good version is judged", "Andon", *(f"Flagger, {setting}" for setting in SETTINGS)]
    return _table(head, rows) if rows else ""


def _musts_table(found: Sequence[Found]) -> str:
    rows = [[m["name"], f"{m['value']:g}", f"{m['limit']:g}", "holds" if m["ok"] else "**does not**"] for m in found]
    return _table(["must", "value", "limit", ""], rows) if rows else ""


def _median(results: Sequence[Result], who: str, setting: str, field: str) -> float:
    values: list[float] = [r[field] for r in results if (r["who"], r["setting"]) == (who, setting)]
    return round(statistics.median(values), 2)


def _spread(results: Sequence[Result], who: str, setting: str, field: str, form: str) -> str:
    """The median, and from what to what."""
    values = sorted(r[field] for r in results if (r["who"], r["setting"]) == (who, setting))
    return f"{statistics.median(values):{form}} ({values[0]:{form}} to {values[-1]:{form}}, n = {len(values)})" if values else "-"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)


def _setting(rate: float) -> Found:
    return {"rowsPerSecond": rate, "share": WEIGHT, "andonMinRows": MIN_ROWS, "andonInterval": INTERVAL}


def _machine() -> Found:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, timeout=10)
    return {"commit": commit.stdout.strip(), "cores": os.cpu_count(), "python": platform.python_version()}
