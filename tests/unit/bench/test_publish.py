import json
from pathlib import Path

import pytest

from bench.decisions import report
from bench.decisions.episodes import CLASSES

PAGE = Path(__file__).parents[3] / "docs" / "decision-quality.md"
NOTHING = {"machine": {"commit": "abc of a day", "cores": 2, "python": "3.11"}, "musts": [], "results": [], "rivals": []}
NOTHING |= {"beside": {}, "rows": [], "year": [], "power": [], "failures": {}}


def test_figures_take_the_place_of_the_old_ones(tmp_path):
    source, page = tmp_path / "figures.json", tmp_path / "page.md"
    source.write_text(json.dumps(NOTHING))
    page.write_text(f"before\n{report.BEGIN}\nstale figures\n{report.END}\nafter\n")
    report.publish(source, page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "stale" not in text
    assert "abc of a day" in text
    report.publish(source, page)
    assert page.read_text() == text


def test_a_page_without_a_place_for_figures_is_refused(tmp_path):
    source, page = tmp_path / "figures.json", tmp_path / "page.md"
    source.write_text(json.dumps(NOTHING))
    page.write_text("no marks\n")
    with pytest.raises(ValueError, match=r"page\.md has no place for figures"):
        report.publish(source, page)


def test_the_published_page_has_every_class():
    """A class that is new, or goes by another name, asks for the figures to be measured again."""
    rows = {line.split("|")[1].strip() for line in PAGE.read_text().splitlines() if line.startswith("| ")}
    assert not {kind.removeprefix("candidate-") for kind in CLASSES} - rows
