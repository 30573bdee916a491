"""The plots of one decision: what was sure when, and what the named tags did; what is missing is said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.missing import Missing
from andon.explain.find import Found
from andon.explain.plot import Scale
from andon.explain.recorded import recorded
from andon.explain.scenes import scenes

from .cases import AT, REGRESSION, STUCK

DIGEST = "sha256:" + "4" * 64
NOW = AT + timedelta(hours=2)


class Remembered:
    """Sources as a test has them. ask: what was asked of Prometheus."""

    def __init__(self, result=(), report=None):
        self.result, self.report, self.ask = result, report or Missing("NotFound", "there is no server."), None

    def objects(self, namespace):
        raise NotImplementedError

    def evidence(self, ask):
        self.ask = ask
        if isinstance(self.result, Missing):
            return self.result
        return recorded(self.result, ask.begin, ask.end, 60)

    def drift(self, namespace, deployment):
        return self.report


def series(metric, question, subject, *values, start=AT - timedelta(minutes=20), pod="a"):
    labels = {"__name__": f"andon_evidence_{metric}", "question": question, "subject": subject, "pod": pod}
    return {"metric": labels, "values": [[start.timestamp() + 60 * n, str(v)] for n, v in enumerate(values)]}


PAIRED = [series("log_e", "paired", "candidate", 0.5, 4, 8), series("value", "paired", "candidate", 1.0, 1.4, 1.8)]
LOOKS = {"values": [2705.0, None], "told": [2704.0, 2706.0], "off": [0.1, 0.2]}
REPORT = {"history": {"times": [AT.timestamp() - 60, AT.timestamp()], "deviation": [0.1, 0.1], "tags": {"xmeas_7": LOOKS}}}


def test_certainty_and_what_was_seen_are_drawn_with_the_moment_and_the_limit():
    sure, seen, *_ = scenes(Found(REGRESSION, DIGEST), Remembered(PAIRED, REPORT), NOW).plots
    assert (sure.scale, sure.limit.value, seen.limit.value) == (Scale.ODDS, REGRESSION.certainty, 1.10)
    assert [m.label for m in sure.marks] == ["first bad row", "decided"]
    assert max(v for v in seen.lines[0].values if v is not None) == 1.8


@pytest.mark.parametrize("case", [REGRESSION, STUCK], ids=["at fault beside it", "named"])
def test_the_tag_is_drawn_beside_what_the_others_say_of_it(case):
    tag = scenes(Found(case, DIGEST), Remembered(PAIRED, REPORT), NOW).plots[-1]
    assert [line.name for line in tag.lines] == ["others say", "xmeas_7"]
    assert tag.lines[1].values == (2705.0, None)


def test_only_the_revision_in_question_is_asked_about_from_before_its_first_bad_row():
    sources = Remembered(PAIRED)
    scenes(Found(REGRESSION, DIGEST), sources, NOW)
    assert sources.ask.revision == "4" * 12
    assert sources.ask.begin < REGRESSION.evidence.first_bad_row < AT < sources.ask.end <= NOW
    assert 'question=~"paired|loss"' in sources.ask.query


def test_a_tags_evidence_is_asked_for_by_its_name():
    sources = Remembered()
    scenes(Found(STUCK, None), sources, NOW)
    assert 'subject=~"xmeas_7"' in sources.ask.query
    assert "revision" not in sources.ask.query


def test_the_future_is_not_asked_for():
    sources = Remembered()
    scenes(Found(STUCK, None), sources, AT + timedelta(minutes=1))
    assert sources.ask.end == AT + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sources", "remarks"),
    [
        pytest.param(Remembered(Missing("Unreachable", "nobody there.")), ["nobody there.", "there is no server."], id="neither"),
        pytest.param(Remembered(PAIRED), ["there is no server."], id="no server"),
        pytest.param(Remembered((), REPORT), ["Prometheus has none from"], id="Prometheus has forgotten"),
    ],
)
def test_what_could_not_be_drawn_is_said_and_why(sources, remarks):
    told = scenes(Found(REGRESSION, DIGEST), sources, NOW).remarks
    assert len(told) == len(remarks)
    assert all(part in line for part, line in zip(remarks, told, strict=True))


def test_blocks_after_the_moment_are_not_shown_as_if_they_were_of_it():
    late = {"history": REPORT["history"] | {"times": [NOW.timestamp() - 60, NOW.timestamp()]}}
    told = scenes(Found(STUCK, None), Remembered((), late), NOW)
    assert told.plots == ()
    assert "the moment lies before them" in told.remarks[-1]


def test_a_server_that_was_replaced_leaves_one_line():
    two = [
        series("log_e", "paired", "candidate", 1, 2, pod="a"),
        series("log_e", "paired", "candidate", 3, start=AT, pod="b"),
        series("value", "paired", "candidate", "NaN"),
    ]
    found = recorded(two, AT - timedelta(minutes=20), AT, 60)
    assert [v for v in found.log_e["paired", "candidate"] if v is not None] == [1, 2, 3]
    assert set(found.value["paired", "candidate"]) == {None}


def test_a_decision_without_numbers_asks_by_its_verdict():
    sources = Remembered()
    scenes(Found(replace(REGRESSION, evidence=None), DIGEST), sources, NOW)
    assert sources.ask.questions == ("loss", "paired")
