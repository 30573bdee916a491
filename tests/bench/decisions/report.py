"""The figures as tables, for a terminal and for the documentation: both from the same JSON."""

from collections.abc import Sequence
from typing import Any, Final

RULES: Final = {"always": "always fire", "never": "never fire", "psi": "PSI > 0.2", "adwin": "ADWIN"}


def text(found: dict[str, Any]) -> str:
    """All tables."""
    parts = ["## Musts", musts(found), "## Classes", classes(found)]
    if found["year"]:
        parts += ["## A year without a fault", year(found)]
    return "\n\n".join([*parts, "## Episodes to look at", failures(found)])


def musts(found: dict[str, Any]) -> str:
    """Each must, its worst class, and whether it holds."""
    rows = [
        [m["name"], _number(m["value"]), _number(m["limit"]), m.get("worst") or "", "holds" if m["ok"] else "FAILS"]
        for m in found["musts"]
    ]
    return table(["must", "value", "limit", "worst class: k/n (95 % interval)", ""], rows)


def classes(found: dict[str, Any]) -> str:
    """One row per class. Shares are per cent of its episodes."""
    rules = list(found["results"][0]["alarms"]) if found["results"] else []
    head = ["class", "n", "rolled back", "retrained", "healthy", "tag right", "tag wrong", "delay (90 %)", "verdicts said"]
    rows = [[*_class(result), *(_share(result["alarms"][rule]) for rule in rules)] for result in found["results"]]
    return table([*head, *(RULES[rule] for rule in rules)], rows)


def _class(result: dict[str, Any]) -> list[str]:
    delay = result["rollback delay"] or result["tag delay"] or result["healthy delay"]
    verdicts = {v: n for v, n in result["verdicts"].items() if v not in {"NoEvidence", "Healthy", "Unknown"}}
    return [
        result["class"],
        str(result["episodes"]),
        *(_share(result[what]) for what in ("rolled back", "retrained", "healthy")),
        _share(result["tag right"]) if result["tag right"] else "-",
        _share(result["tag wrong"]),
        f"{delay['median']:.0f} ({delay['p90']:.0f})" if delay else "-",
        ", ".join(f"{v} {n}" for v, n in sorted(verdicts.items(), key=lambda item: -item[1])) or "-",
    ]


def year(found: dict[str, Any]) -> str:
    """A year of sound rows per plant."""
    head = ["plant", "rows", "distinct rows", "automatic actions", "per year, at most (95 %)"]
    return table(head, [[_number(y[column]) for column in head] for y in found["year"]]) + "".join(
        f"\n{what}" for y in found["year"] for what in y["what"][:20]
    )


def failures(found: dict[str, Any]) -> str:
    """Up to ten names per must and class."""
    lines = []
    for must, names in found["failures"].items():
        kinds: dict[str, list[str]] = {}
        for name in names:
            kinds.setdefault(name.split("#")[0], []).append(name)
        lines += [f"{must}: {n}" for of in kinds.values() for n in of[:10]]
    return "\n".join(lines) or "none"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown, padded so that it can be read as it is."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _share(counted: dict[str, Any]) -> str:
    return f"{100 * counted['k'] / counted['n']:.0f}" if counted["n"] else "-"


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) and value < 1000 else f"{value:,}" if not isinstance(value, str) else value
