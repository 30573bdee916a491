"""How the kinds look in terminals of several widths, and in a pipe."""

import io
import re

import pytest
from rich.console import Console

from andon.api.kinds import MODEL_DEPLOYMENT
from andon.watch.cluster import Column, Listing, Row, kind_named
from andon.watch.table import show
from support.documents import ROWS, obj

COLUMNS = tuple(
    Column(name, wide=name == "Digest")
    for name in ("Name", "Ready", "Desired", "Effective", "Step", "Drift", "Reason", "Age", "Digest")
)
CELLS = ("product-e", "False", "2", "1", "Weight 20%", "Healthy", "CandidateJudged", "3m", "sha256:" + "1" * 64)
LISTING = Listing(MODEL_DEPLOYMENT, COLUMNS, (Row(CELLS, obj("ModelDeployment")),))


def shown(width, *listings, terminal=True, **how):
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, force_terminal=terminal, no_color=True, legacy_windows=False)
    show(listings or (LISTING,), console, **how)
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()]


def test_a_pipe_gets_one_whole_line_for_each_object():
    head, line = shown(100_000, terminal=False)
    assert head.split() == ["NAME", "READY", "DESIRED", "EFFECTIVE", "STEP", "DRIFT", "REASON", "AGE", "WAITS", "FOR"]
    assert line.endswith(ROWS)


def test_beside_what_it_is_stands_what_it_waits_for_broken_where_it_must():
    _, line, more = shown(125)
    assert f"{line.split('3m')[1].strip()} {more.strip()}" == ROWS


def test_a_short_line_has_it_beneath_and_loses_the_last_columns():
    head, line, *beneath = shown(60)
    assert head.split()[-1] == "STEP"
    assert " ".join(beneath) == f"product-e: {ROWS}"
    assert len(line) <= 60


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
def test_no_terminal_is_too_narrow(width):
    lines = shown(width)
    assert max(map(len, lines)) <= width
    assert ROWS.rsplit(maxsplit=1)[-1] in lines[-1]


def test_wide_adds_the_columns_that_are_for_it():
    assert "DIGEST" in shown(300, wide=True)[0]
    assert "DIGEST" not in shown(300)[0]


def test_of_all_namespaces_each_is_said():
    assert shown(300, namespaces=True)[1].split()[:2] == ["plant-a", "product-e"]


def test_kinds_have_a_heading_where_there_are_several_and_none_where_one_is_empty():
    empty = Listing(kind_named("dpol"), COLUMNS, ())
    assert shown(200, LISTING, empty)[0].startswith("NAME")
    assert shown(200, LISTING, LISTING)[0] == "ModelDeployment"


@pytest.mark.parametrize("word", ["mdep", "modeldeployment", "modeldeployments", "ModelDeployment", "modeldeployment.andon.dev"])
def test_a_kind_has_the_names_that_kubectl_knows(word):
    assert kind_named(word) is MODEL_DEPLOYMENT
