"""The figures as tables, for a terminal and for the documentation: both from the same JSON."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from .tables import POWER_ROWS

RULES: Final = {
    "andon": "Andon",
    "always": "always fire",
    "never": "never fire",
    "psi": "PSI > 0.2",
    "adwin": "ADWIN on the error",
}
BEGIN: Final = "<!-- figures: written by `python -m tests.bench.decisions --publish`, not by hand -->"
END: Final = "<!-- end of figures -->"

ENOUGH: Final = 5
"""Episodes of one mechanism that make a row of the power table."""

Found = dict[str, Any]


def text(found: Found) -> str:
    """All of it, for a terminal."""
    return f"{figures(found)}\n\n### Episodes to look at\n{failures(found)}"


def publish(source: Path, page: Path) -> None:
    """Put the figures in place of those between the page's two marks. Raises ValueError where it has none."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for figures: put {BEGIN} and {END} where they go")
    page.write_text(f"{before}{BEGIN}\n{figures(json.loads(source.read_text()))}\n{END}{after}")


def figures(found: Found) -> str:
    """Every table that has something to show."""
    machine = found["machine"]
    parts = {
        "What must hold": musts(found["musts"]),
        **{f"The same of {record}": musts(of) for record, of in found["beside"].items()},
        "In how many of 100 episodes a model would have been touched": rivals(found),
        "A year without a fault": year(found) if found["year"] else "",
        "How many rows a verdict takes": power(found) if found["power"] else "",
        "How many rows are one": independent(found),
        **{
            f"Sensors, the plant, and nothing: {record}": without_candidate(of) for record, of in _results(found, candidate=False)
        },
        **{f"Candidates: {record}": with_candidate(of) for record, of in _results(found, candidate=True)},
    }
    measured = f"{_episodes(found)}; commit {machine['commit']}; {machine['cores']} cores, Python {machine['python']}."
    return "\n\n".join([measured, *(f"### {title}\n{part}" for title, part in parts.items() if part)])


def _episodes(found: Found) -> str:
    """How many of each class there are, over all records."""
    classes: dict[str, int] = {}
    for result in found["results"]:
        classes[result["class"]] = classes.get(result["class"], 0) + result["episodes"]
    least, most = min(classes.values(), default=0), max(classes.values(), default=0)
    of_each = f"{most}" if least == most else f"{least} to {most}"
    return f"{of_each} episodes of each of {len(classes)} classes, {sum(classes.values()):,} in all"


def musts(of_record: Sequence[Found]) -> str:
    """Each must, all its classes and the worst of them, which decides."""
    rows = [
        [
            m["name"],
            _number(m["value"]),
            _number(m["limit"]),
            m["all"],
            m.get("worst", "-"),
            _held(m),
        ]
        for m in of_record
    ]
    return table(["must", "value", "limit", "all classes: k/n (95 % interval)", "worst class", ""], rows)


def _held(must: Found) -> str:
    if must["ok"]:
        return "holds"
    return "open: too few" if must.get("open") else "**does not**"


def rivals(found: Found) -> str:
    """Per cent of the episodes, by what is the matter."""
    rules = list(found["rivals"][0]["acted"]) if found["rivals"] else []
    rows = [[r["truth"], *(_share(r["acted"][rule]) for rule in rules)] for r in found["rivals"]]
    return table(["what is the matter", *(RULES[rule] for rule in rules)], rows)


def without_candidate(results: Sequence[Found]) -> str:
    """Classes without a candidate."""
    head = ["class", "n", "right tag first", "wrong tag first", "rows until named", "Retrain", "verdicts on the model"]
    rows = [
        [
            r["class"],
            str(r["episodes"]),
            _interval(r["tag right"]),
            _share(r["tag wrong"]),
            _delay(r["tag delay"]),
            _share(r["retrained"]),
            _verdicts(r),
        ]
        for r in results
    ]
    return table(head, rows)


def with_candidate(results: Sequence[Found]) -> str:
    """Classes with one."""
    head = ["class", "n", "rolled back", "after rows", "found healthy", "after rows", "wrong tag first", "Retrain"]
    rows = [
        [
            r["class"].removeprefix("candidate-"),
            str(r["episodes"]),
            _interval(r["rolled back"]),
            _delay(r["rollback delay"]),
            _interval(r["healthy"]),
            _delay(r["healthy delay"]),
            _share(r["tag wrong"]),
            _share(r["retrained"]),
        ]
        for r in results
    ]
    return table(head, rows)


def _results(found: Found, *, candidate: bool) -> list[tuple[str, list[Found]]]:
    """By record."""
    chosen = [r for r in found["results"] if r["class"].startswith("candidate-") == candidate]
    return [(record, list(of)) for record, of in groupby(chosen, key=lambda r: r["record"])]


def year(found: Found) -> str:
    """A year of sound rows per plant."""
    head = ["plant", "rows", "distinct rows", "automatic actions", "per year, at most (95 %)"]
    rows = [[_number(y[column]) for column in head] for y in found["year"]]
    return "\n".join([table(head, rows), *(f"- {y['plant']}: {what}" for y in found["year"] for what in y["what"][:20])])


def power(found: Found) -> str:
    """Per cent rolled back / found healthy by then."""
    head = ["record", "candidate", "differs by", "n", *(f"{rows:,} rows" for rows in POWER_ROWS)]
    rows = [
        [
            p["record"],
            p["class"].removeprefix("long-"),
            p["mechanism"],
            str(p["n"]),
            *(f"{_percent(p['rolled back'][str(r)], p['n'])} / {_percent(p['healthy'][str(r)], p['n'])}" for r in POWER_ROWS),
        ]
        for p in found["power"]
        if p["mechanism"] == "all" or p["n"] >= ENOUGH
    ]
    return "Per cent rolled back / found healthy within so many labelled rows.\n\n" + table(head, rows)


def independent(found: Found) -> str:
    """How many rows of a plant weigh as much as an independent one."""
    head = ["plant", "model", "held-out rows", "rows for an independent one"]
    return table(head, [[_number(of[column]) for column in head] for of in found["rows"]])


def failures(found: Found) -> str:
    """Up to ten names per must and class."""
    lines = []
    for must, names in found["failures"].items():
        kinds: dict[str, list[str]] = {}
        for name in names:
            kinds.setdefault(name.split("#")[0], []).append(name)
        lines += [f"{must}: {name}" for of in kinds.values() for name in of[:10]]
    return "\n".join(lines) or "none"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown, padded so that it can be read as it is."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _share(counted: Found) -> str:
    return _percent(counted["k"], counted["n"])


def _percent(k: int, n: int) -> str:
    return f"{100 * k / n:.0f}" if n else "-"


def _interval(counted: Found | None) -> str:
    """`297 (97-100 %)`: how many, and the interval of the share."""
    return f"{counted['k']} ({100 * counted['low']:.0f}-{100 * counted['high']:.0f} %)" if counted else "-"


def _delay(delay: Found | None) -> str:
    """Median, and what nine of ten stay below."""
    return f"{delay['median']:.0f} (90 %: {delay['p90']:.0f})" if delay else "-"


def _verdicts(result: Found) -> str:
    """How often each verdict was said that is more than "healthy" or "too little seen"."""
    loud = {v: n for v, n in result["verdicts"].items() if v not in {"NoEvidence", "Healthy", "Unknown"}}
    return ", ".join(f"{verdict} {n}" for verdict, n in sorted(loud.items(), key=lambda item: -item[1])) or "-"


def _number(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}"
