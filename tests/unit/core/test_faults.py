"""Tags at fault are named, the most responsible first; what all tags do together is no sensor's fault."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.decision import Action, Outcome
from andon.api.evidence import TAG_FAULTS
from andon.core.drift.faults import data_track
from andon.core.drift.plan import decide

from .policies import BAD, NOW, SURE, TAGS, asked_for, judging, policy, reasons, sees, tag


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        pytest.param([], [], id="all are sound"),
        *(
            pytest.param([tag("xmeas_7", question)], [("xmeas_7", fault)], id=f"one is {question}")
            for question, fault in TAG_FAULTS.items()
        ),
        pytest.param([tag("xmeas_7", "stuck", SURE - 2)], [], id="not for certain"),
        pytest.param(
            [tag("xmeas_7", "biased", SURE + 9), tag("xmeas_8", "stuck", SURE)],
            [("xmeas_8", "Stuck"), ("xmeas_7", "Biased")],
            id="what is plain comes before what it makes look odd",
        ),
        pytest.param(
            [tag("xmeas_7", "biased", SURE), tag("xmeas_8", "biased", SURE + 1)],
            [("xmeas_8", "Biased"), ("xmeas_7", "Biased")],
            id="more evidence comes first",
        ),
        pytest.param(
            [tag("xmeas_7", "noisy", value=1.2), tag("xmeas_8", "noisy", value=3.0)],
            [("xmeas_8", "Noisy"), ("xmeas_7", "Noisy")],
            id="then what is further off",
        ),
        pytest.param(
            [tag("xmeas_7", "biased", SURE + 9), tag("xmeas_7", "missing")], [("xmeas_7", "Missing")], id="one fault for each tag"
        ),
    ],
)
def test_tags_at_fault(seen, named):
    assert [(f.fault.tag, f.fault.fault) for f in data_track(sees(*seen), NOW).findings] == named


@pytest.mark.parametrize(
    ("question", "reason"), [("missing", "SourceSilent"), ("stuck", "SourceFrozen"), ("bad-status", "SourceBad")]
)
def test_what_most_tags_do_together_is_the_sources_fault_and_closes_nothing(question, reason):
    before = decide(judging(BAD, tag("xmeas_7", "biased")), NOW)
    together = judging(BAD, *(tag(name, question, 4.0) for name in TAGS[:3]), status=before)
    after = decide(together, NOW + timedelta(seconds=10))
    assert reasons(after.conditions)["Ready"] == reason
    assert (after.data_faults, after.decisions) == (before.data_faults, before.decisions)


def test_half_of_the_tags_are_still_single_ones():
    track = data_track(sees(*(tag(name, "stuck") for name in TAGS[:2])), NOW)
    assert (track.source, len(track.findings)) == (None, 2)


def test_tags_that_are_biased_together_are_not_a_silent_source():
    assert data_track(sees(*(tag(name, "biased") for name in TAGS)), NOW).source is None


def test_a_fault_is_one_decision_for_the_tags_that_failed_alike():
    status = decide(sees(tag("xmeas_7", "biased"), tag("xmeas_8", "biased", SURE + 1), tag("xmeas_9", "stuck")), NOW)
    assert [(d.fault, d.subjects) for d in status.decisions] == [("Biased", ["xmeas_8", "xmeas_7"]), ("Stuck", ["xmeas_9"])]
    assert asked_for(status) == [Action.QUARANTINE, Action.QUARANTINE]


def test_a_quarantine_keeps_what_was_asked_of_its_tag():
    (decision,) = decide(sees(tag("xmeas_7", "biased", value=2.5)), NOW).decisions
    assert [c.name for c in decision.checks] == [f"xmeas_7 {question}" for question in TAG_FAULTS]
    assert [c.name for c in decision.checks if c.outcome is Outcome.ANSWERED] == ["xmeas_7 biased"]
    assert decision.evidence.value == "2.5 times the limit of what the other tags allow"


def test_who_bears_more_false_alarms_hears_of_a_tag_sooner():
    early = sees(tag("xmeas_7", "stuck", SURE - 1.5))
    assert data_track(early, NOW).tags == ()
    assert data_track(replace(early, spec=policy(evidence={"falseAlarmsPerYear": "10"})), NOW).tags == ("xmeas_7",)
