"""What does a person open in a browser: one HTML file that needs no network and no script?"""

from collections.abc import Mapping, Sequence
from typing import Any

from andon.explain import words
from andon.explain.drawing import drawing
from andon.explain.explanation import Explanation
from andon.explain.plot import Plot, Timeline
from andon.explain.strip import strip
from andon.render.pages import page


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
    asked = [entry for entry in report["decisions"] if entry["action"]]
    taken = sum(entry["taken"] for entry in asked)
    refused = sum(entry["refused"] is not None for entry in asked)
    asked_for = len(asked) - taken - refused
    actions = "1 action" if len(asked) == 1 else f"{len(asked)} actions"
    return (
        f"{report['rows']:,} rows were read again, as they were at the time. Of {actions} that came up the policy "
        f"would have taken {taken} by itself, put {asked_for} before a person, and been held back from {refused}."
    )
