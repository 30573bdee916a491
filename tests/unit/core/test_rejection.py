"""A person says no: nothing is done, nobody is asked again, and the word outlives its annotation until somebody approves."""

from dataclasses import replace

import pytest

from andon.api.decision import ActedState, Authority
from andon.core.datasource import plan as datasource
from andon.core.deployment.plan import decide
from andon.core.training import plan as training

from .deployments import NOW, condition, followed
from .test_datasource import COLLECTING, fault
from .test_permission import ID, JUDGED
from .test_retrain import CONFIRM, pipeline, target

NO = {ID: "jane"}
REJECTED = replace(JUDGED, rejected=NO)


def conditions(status):
    return {c.type: c.message for c in status.conditions}


def test_a_rejected_rollback_is_not_carried_out_and_not_asked_for_again():
    plan = decide(REJECTED, NOW)
    assert (plan.slots.candidate.version, plan.status.decisions) == ("2", [])
    assert condition(plan, "AwaitingApproval") is None
    assert [(r.decision, r.by, r.since) for r in plan.status.rejected] == [(ID, "jane", NOW)]
    assert f"{ID} asks for a Rollback (ModelRegression), and jane rejected it." in conditions(plan.status)["Rejected"]


def test_the_word_outlives_its_annotation():
    later = replace(followed(REJECTED, decide(REJECTED, NOW)), rejected={})
    assert condition(decide(later, NOW), "AwaitingApproval") is None
    assert condition(decide(later, NOW), "Rejected") == "True/RejectedByPerson"


def test_who_thinks_better_of_it_approves():
    later = replace(followed(REJECTED, decide(REJECTED, NOW)), rejected={}, approved=NO)
    plan = decide(later, NOW)
    assert [d.state for d in plan.status.decisions] == [ActedState.ACTING]
    assert (plan.status.rejected, condition(plan, "Rejected")) == ([], None)


def test_while_both_words_stand_nothing_is_done():
    assert decide(replace(REJECTED, approved=NO), NOW).status.decisions == []


def test_what_is_acted_on_already_is_too_late_to_reject():
    approved = replace(JUDGED, approved=NO)
    begun = replace(followed(approved, decide(approved, NOW)), rejected=NO, people=replace(JUDGED.people, reject=f"{ID}/jane"))
    plan = decide(begun, NOW)
    assert ([d.id for d in plan.status.decisions], plan.status.rejected) == ([ID], [])
    assert condition(plan, "AnnotationIgnored") == "True/LeftBehind"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param(f"{ID}/jane", None, id="understood"),
        pytest.param("d-0000000000/jane", "True/LeftBehind", id="nobody asks that"),
        pytest.param(ID, "True/NotUnderstood", id="by nobody"),
        pytest.param("r-0123456789/jane", "True/NotUnderstood", id="a step"),
    ],
)
def test_a_word_that_means_nothing_is_named(word, said):
    what, _, who = word.partition("/")
    facts = replace(JUDGED, rejected={what: who} if who else {}, people=replace(JUDGED.people, reject=word))
    assert condition(decide(facts, NOW), "AnnotationIgnored") == said


def test_a_rejected_retrain_starts_nothing():
    plan = training.decide(pipeline(target=target(CONFIRM), rejected={"d-1": "jane"}), NOW)
    assert (plan.run, plan.status.decisions, [r.by for r in plan.status.rejected]) == (False, [], ["jane"])
    assert {"Rejected", "AwaitingApproval"} & conditions(plan.status).keys() == {"Rejected"}


def test_a_rejected_quarantine_keeps_nothing_out():
    policy, asked = fault()
    asking = (policy, asked.model_copy(update={"authority": Authority.CONFIRM}))
    status = datasource.decide(replace(COLLECTING, decisions=(asking,), rejected={asked.id: "jane"}), NOW).status
    assert (status.quarantine, [r.by for r in status.rejected]) == ([], ["jane"])
    assert {"Rejected", "AwaitingApproval"} & conditions(status).keys() == {"Rejected"}
