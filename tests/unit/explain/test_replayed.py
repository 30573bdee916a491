"""The report of a replay as explanations and a timeline."""

from datetime import datetime, timedelta

import pytest

from andon.explain.replayed import MOST, explanations_of, timeline_of

from .cases import AT


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
    assert [told.action for told in explanations_of(WHOLE)] == ["Quarantine", "Rollback", None, "Propose"]


def test_a_refusal_alone_is_told():
    alone = report(entry(8, "HarmfulShift", action="Retrain", refused="BudgetSpent"))
    assert "as many actions as the policy allows" in explanations_of(alone)[0].done
    assert "not taken" in timeline_of(alone).marks[0].label


def test_an_entry_is_told_with_its_numbers_and_the_tags_at_fault_beside_it():
    told = explanations_of(WHOLE)[1]
    assert told.answer == "It is the model."
    assert "After 320 rows: 1.84 times the old version's error. Limit: 1.10." in told.seen
    assert any("xmeas_7" in line for line in told.seen)


def test_what_is_well_is_not_explained():
    assert explanations_of(report(entry(0, "NoEvidence"), entry(1, "Healthy"))) == ()


def test_a_page_has_an_end():
    assert len(explanations_of(report(*(entry(0, "Unknown") for _ in range(MOST + 5))))) == MOST


@pytest.mark.parametrize("value", [None, {}])
def test_numbers_may_be_missing(value):
    numbers = value if value is not None else NUMBERS | {"value": None}
    assert explanations_of(report(entry(1, "Unknown", evidence=numbers)))[0].seen == ()
