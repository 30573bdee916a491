"""The example in docs/explain.md is what the code says."""

from pathlib import Path

from andon.explain.explanation import explain
from andon.explain.stories import STORIES
from andon.explain.text import text

from .cases import AT, REGRESSION, Case

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "explain.md").read_text(encoding="utf-8")


def test_the_example_is_what_the_code_says():
    assert text(explain(REGRESSION)) in PAGE


def test_every_first_line_is_in_the_table():
    told = {verdict: explain(Case(verdict, AT, "e")).answer for verdict in STORIES if verdict not in {"Healthy", "NoEvidence"}}
    assert all(f"| {answer} | `{verdict}` |" in PAGE for verdict, answer in told.items())
