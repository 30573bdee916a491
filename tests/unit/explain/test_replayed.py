"""The report of a replay as explanations and a timeline."""

from datetime import datetime, timedelta

import pytest

from andon.explain.case import Case
from andon.explain.replayed import MOST, explanations_of, sections_of, timeline_of

from .cases import AT, evidence


def entry(hours, verdict, judged="stable", **more):
    usual = {"action": None, "taken": False, "refused": None, "subjects": [], "evidence": {}, "fault": None, "change": None}
    at = (AT + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    return {"at": at, "verdict": verdict, "judged": judged, "because": ""} | usual | more


def fault(hours, tag, change, **more):
    return entry(hours, "DataFault", "data", subjects=[tag], fault="Stuck", change=change, **more)


def report(*entries):
    return {"rows": 900, "policy": "plant-a/e", "from": entry(0, "")["at"], "to": entry(10, "")["at"], "decisions": list(entries)}


NUMBERS = {"question": "loss", "rows": 320, "value": 1.84, "limit": 1.1, "first_bad": entry(2, "")["at"]}
BACK = entry(4, "ModelRegression", "candidate", action="Rollback", taken=True, evidence=NUMBERS, authority="Act")
WHOLE = report(
    entry(0, "NoEvidence"),
    entry(1, "Healthy"),
    entry(2, "NoEvidence", "candidate"),
    fault(3, "xmeas_7", "Opened", action="Quarantine", taken=True),
    BACK,
    entry(5, "Healthy"),
    fault(6, "xmeas_7", "Recovered"),
    fault(7, "xmeas_9", "Opened"),
    entry(8, "HarmfulShift", action="Retrain", refused="CalibrationTooShort"),
    entry(8, "HarmfulShift", action="Propose"),
)


def told_of(whole):
    """The explanations, of cases that know no more than the report."""
    return explanations_of(whole, [case_of_entry(e) for e in whole["decisions"]])


def case_of_entry(e):
    numbers = e["evidence"] or None
    return Case(
        verdict=e["verdict"], at=datetime.fromisoformat(e["at"]), target="stable.onnx", action=e["action"], taken=e["taken"],
        refused=e["refused"], subjects=tuple(e["subjects"]), fault=e["fault"], replayed=True,
        evidence=evidence("loss", "1.84 times the stable's error", "1.10", rows=320) if numbers else None,
    )  # fmt: skip


def hour(moment: datetime) -> float:
    return (moment - AT).total_seconds() / 3600


def spans(some):
    return [(s.label, hour(s.start), hour(s.end)) for s in some]


def test_the_timeline_shows_who_was_judged_how_and_when():
    timeline = timeline_of(WHOLE)
    assert spans(timeline.verdicts) == [
        ("NoEvidence", 0, 1),
        ("Healthy", 1, 5),
        ("Healthy", 5, 8),
        ("HarmfulShift", 8, 10),
    ]
    assert spans(timeline.candidate) == [("NoEvidence", 2, 4), ("ModelRegression", 4, 4)]


def test_a_tag_is_at_fault_until_it_recovers_or_the_rows_end():
    lanes = {lane.name: spans(lane.spans) for lane in timeline_of(WHOLE).faults}
    assert lanes == {"xmeas_7": [("Stuck", 3, 6)], "xmeas_9": [("Stuck", 7, 10)]}


def test_an_action_that_was_asked_for_instead_stands_for_the_refused_one():
    assert [mark.label.split(",")[0] for mark in timeline_of(WHOLE).marks] == ["Quarantine of xmeas_7", "Rollback", "Propose"]
    assert [told.action for told in told_of(WHOLE)] == ["Quarantine", "Rollback", None, "Propose"]


def test_a_refusal_alone_is_told():
    alone = report(entry(8, "HarmfulShift", action="Retrain", refused="BudgetSpent"))
    assert "as many actions as the policy allows" in told_of(alone)[0].done
    assert "not taken" in timeline_of(alone).marks[0].label


def test_an_entry_is_told_with_its_numbers_and_the_tags_at_fault_beside_it():
    told = told_of(WHOLE)[1]
    assert told.answer == "It is the model."
    assert "After 320 rows: 1.84 times the error of the version in service. Limit: 1.10." in told.seen
    assert any("xmeas_7" in line for line in told.seen)


TRAINED = entry(1, "ConceptDrift", action="Retrain", taken=True)
TOO_SOON = entry(2, "ConceptDrift", action="Retrain", refused="CoolingDown")
TOO_OFTEN = entry(3, "ConceptDrift", action="Retrain", refused="BudgetSpent")


@pytest.mark.parametrize(
    ("entries", "sections"),
    [
        pytest.param([TRAINED, TOO_SOON, TOO_OFTEN], [(0, (1, 2))], id="refusals of what was done are told with it"),
        pytest.param([TRAINED, entry(2, "Healthy"), TOO_OFTEN], [(0, ()), (2, ())], id="after a recovery it is another story"),
        pytest.param([TOO_SOON, entry(2, "NoEvidence"), TOO_OFTEN], [(0, (2,))], id="a pause in the evidence is no recovery"),
        pytest.param([TOO_SOON, TRAINED], [(0, ()), (1, ())], id="what is done at last is told"),
        pytest.param(
            [
                fault(1, "a", "Opened", action="Quarantine", refused="DryRun"),
                fault(2, "b", "Opened", action="Quarantine", refused="DryRun"),
            ],
            [(0, ()), (1, ())],
            id="every tag is told of",
        ),
        pytest.param(
            [fault(1, "a", "Opened"), fault(2, "a", "Recovered"), fault(3, "a", "Opened")],
            [(0, ()), (2, ())],
            id="a tag that fails again is told of again",
        ),
    ],
)
def test_what_only_says_the_same_again_has_no_section_of_its_own(entries, sections):
    assert [(s.entry, s.again) for s in sections_of(report(*entries))] == sections


def test_what_came_up_again_is_told_in_a_line_with_its_time():
    (told,) = told_of(report(TRAINED, TOO_SOON, TOO_OFTEN))
    assert [line.split(": ", 1)[1] for line in told.again] == [
        "Retrain again, held back: too little time has passed since the last action on this model.",
        "Retrain again, held back: as many actions as the policy allows for this model in this time have been taken.",
    ]


def test_what_is_well_is_not_explained():
    assert told_of(report(entry(0, "NoEvidence"), entry(1, "Healthy"))) == ()


def test_a_page_has_an_end():
    assert len(told_of(report(*(fault(0, f"tag_{i}", "Opened") for i in range(MOST + 5))))) == MOST
