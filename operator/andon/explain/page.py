"""What does a person open in a browser: one HTML file that needs no network and no script?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from andon.explain import words
from andon.explain.drawing import drawing
from andon.explain.explanation import Explanation
from andon.explain.plot import Plot, Timeline
from andon.explain.strip import strip
from andon.render.pages import page

_WHOM: Final = {"stable": "model in service", "candidate": "new version"}


def html(
    title: str,
    summary: str,
    explanations: Sequence[Explanation],
    plots: Sequence[Sequence[Plot]] = (),
    *,
    remarks: Sequence[str] = (),
    timeline: Timeline | None = None,
) -> str:
    """A page of explanations.

    plots: those of each explanation, in the same order; () for none at all. remarks: what a reader should know beforehand.
    """
    drawn = [[drawing(p) for p in some] for some in plots] or [[] for _ in explanations]
    return page(
        "explanation.html.j2",
        title=title,
        summary=summary,
        sections=list(zip(explanations, drawn, strict=True)),
        remarks=remarks,
        strip=strip(timeline) if timeline else None,
        glossary=words.GLOSSARY,
    )


def replay_page(
    report: Mapping[str, Any],
    explanations: Sequence[Explanation],
    timeline: Timeline,
    plots: Sequence[Sequence[Plot]] = (),
    *,
    remarks: Sequence[str] = (),
) -> str:
    """The page of a whole replay. report: as `andon replay --json` writes it. plots, remarks: as in `html`."""
    return html("What would have happened", _counted(report), explanations, plots, remarks=remarks, timeline=timeline)


def _counted(report: Mapping[str, Any]) -> str:
    read = f"{report['rows']:,} rows were read again, as they were at the time."
    return " ".join(part for part in (read, _actions(report["decisions"]), _end(report["decisions"])) if part)


def _actions(entries: Sequence[Mapping[str, Any]]) -> str:
    asked = [entry for entry in entries if entry["action"]]
    if not asked:
        return "No action came up."
    taken = sum(entry["taken"] for entry in asked)
    refused = sum(entry["refused"] is not None for entry in asked)
    actions = "1 action" if len(asked) == 1 else f"{len(asked)} actions"
    return (
        f"Of {actions} that came up the policy would have taken {taken} by itself, put {len(asked) - taken - refused} before a "
        f"person, and been held back from {refused}."
    )


def _end(entries: Sequence[Mapping[str, Any]]) -> str:
    """Rows that say nothing are not the same as rows on which all is well."""
    last = next((entry for entry in reversed(entries) if entry["judged"] != "data"), None)
    if last is None or last["verdict"] != "NoEvidence":
        return ""
    return f"At the end nothing was known of the {_WHOM[last['judged']]}: {words.plain(last['because'])}"
