"""The page is one sound file: it parses, it asks nobody for anything, and no value becomes markup."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.explain.explanation import explain
from andon.explain.page import html, replay_page
from andon.explain.plot import Band, Lane, Limit, Mark, Plot, Series, Span, Timeline

from .cases import AT, CASES, ODDS, REGRESSION, TAGS, TIMELINE, check, evidence

VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style><script>",
        "{{ 7 * 7 }}{% raw %}",
        "]]>--><!--",
        "' onload='alert(1)",
        "</svg></title></text>",
        "&lt;&amp;&#x3C;b&#x3E;",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


class Outline(HTMLParser):
    """The tree as far as the tests look at it. Raises AssertionError where an element is closed that was not open."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


ENTRIES = [
    {"action": c.action, "taken": c.taken, "refused": c.refused, "judged": "stable", "verdict": c.verdict} for c in CASES.values()
]
REPORT = {"rows": 10_000, "decisions": ENTRIES}


@pytest.fixture(scope="module")
def whole():
    told = [explain(case) for case in CASES.values()]
    return replay_page(REPORT, told, TIMELINE, [[ODDS, TAGS] for _ in told])


def test_the_page_parses_and_has_a_heading_per_explanation(whole):
    outline = Outline(whole)
    assert outline.tags.count("article") == len(CASES)
    assert {"h1", "svg", "path", "footer"} <= set(outline.tags)


def test_nothing_is_fetched_and_nothing_runs(whole):
    outline = Outline(whole)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(outline.tags)
    assert not [
        a for a in outline.attributes if a[1] in {"src", "href", "xlink:href", "action", "style"} or a[1].startswith("on")
    ]
    assert not re.search(r"https?:|//[a-z]|url\(|@import", whole)


def test_the_summary_counts_what_was_done_asked_for_and_refused(whole):
    assert (
        "Of 6 actions that came up the policy would have taken 2 by itself, put 3 before a person, and been held back from 1."
        in whole
    )


@pytest.mark.parametrize("word", ["prefers-color-scheme: dark", "@media print", "max-width: 40rem", "width=device-width"])
def test_it_is_made_for_dark_rooms_paper_and_phones(whole, word):
    assert word in whole


def test_verdict_action_tag_and_odds_can_be_read_in_it(whole):
    said = "\n".join(Outline(whole).texts)
    for word in (
        "It is the model.",
        "It is the data.",
        "It is the plant",
        "xmeas_7",
        "1 in 1,000",
        "Rollback from version 4 to 3",
    ):
        assert word in said


@given(HOSTILE.map("x{}".format))
def test_no_value_becomes_markup(value):
    case = replace(
        REGRESSION, target=value, namespace=value, id=value, subjects=(value,), faulty=(value,), summary=value, fault=value,
        found_at_fault=value, instead=value, refused=value, verdict="DataFault", authority=value, actor=value, taken=False,
        evidence=evidence("stuck", value, value), checks=(check(value, value),),
    )  # fmt: skip
    plot = Plot(
        value, value, (AT, AT + timedelta(minutes=1)), (Series(value, (1.0, 2.0)),), Limit(1.5, value), Band(1, 2, value),
        (Mark(AT, value),), Span(AT, AT, value, value), value,
    )  # fmt: skip
    lane = Lane(value, (Span(AT, AT + timedelta(hours=1), value, value),))
    timeline = Timeline(AT, AT + timedelta(hours=2), lane.spans, (lane,), lane.spans, (Mark(AT, value),))
    page = html(value, value, [explain(case)], [[plot]], remarks=[value], timeline=timeline)
    tame = html("x", "x", [explain(_tame(case))], [[_tame_plot(plot)]], remarks=["x"], timeline=_tame_timeline(timeline))
    found, wanted = Outline(page), Outline(tame)
    assert found.tags == wanted.tags
    assert [name for _, name, _ in found.attributes] == [name for _, name, _ in wanted.attributes]


def _tame(case):
    return replace(
        case, target="x", namespace="x", id="x", subjects=("x",), faulty=("x",), summary="x", fault="x", found_at_fault="x",
        instead="x", refused="x", authority="x", actor="x", evidence=evidence("stuck", "x", "x"), checks=(check("x", "x"),),
    )  # fmt: skip


def _tame_plot(plot):
    return replace(
        plot, title="x", unit="x", lines=(Series("x", (1.0, 2.0)),), limit=Limit(1.5, "x"), band=Band(1, 2, "x"),
        marks=(Mark(AT, "x"),), window=Span(AT, AT, "x", "x"), caption="x",
    )  # fmt: skip


def _tame_timeline(timeline):
    lane = Lane("x", (Span(AT, AT + timedelta(hours=1), "x", "x"),))
    return Timeline(timeline.begin, timeline.end, lane.spans, (lane,), lane.spans, (Mark(AT, "x"),))


def test_a_replay_in_which_nothing_happened_says_so():
    quiet = replay_page({"rows": 500, "decisions": []}, [], Timeline(AT, AT + timedelta(hours=1), ()))
    assert "Nothing happened." in Outline(quiet).texts


def test_rows_that_say_nothing_are_not_called_well():
    last = {"action": None, "verdict": "NoEvidence", "judged": "stable", "because": "The machine is in a regime never seen."}
    said = "\n".join(Outline(replay_page({"rows": 500, "decisions": [last]}, [], Timeline(AT, AT, ()))).texts)
    assert (
        "No action came up. At the end nothing was known of the model in service: The machine is in a regime never seen." in said
    )
