"""A version of a deployment without inputs: what it answers of its share of requests is all there is to judge it by."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.deployment import Candidate
from andon.api.evidence import Counted
from andon.core.deployment.facts import People
from andon.core.deployment.plan import decide
from andon.core.deployment.steps import title
from andon.watch.standing import standing

from .deployments import NOW, condition, digest, message, serving, spec

WEIGHT, FEW, SHADOW = {"weight": 20}, {"weight": 20, "minRows": 40}, {"shadow": {}}
PAUSE, APPROVAL = {"pause": {"duration": "10m"}}, {"approval": {}}


def asked(scored, failed=0, *, steps=(FEW,), index=0, from_rows=0, **more):
    """Version 2 is in this step beside version 1, every server holds it, and so many requests were its own."""
    given = spec("2", rollout={"steps": list(steps)})
    step = title(given.rollout.steps[index])
    said = Candidate(version="2", digest=digest("2"), step=step, index=index, since=NOW, begun=NOW, from_rows=from_rows)
    facts = serving("1", candidate="2")
    status = facts.status.model_copy(update={"candidate": said})
    counted = None if scored is None else Counted(scored, failed)
    return replace(facts, spec=given, status=status, policy=None, asked=counted, paired_rows=scored, **more)


def stands(facts, minutes=0):
    """Which version serves, and the sentence that says why."""
    plan = decide(facts, NOW + timedelta(minutes=minutes))
    return plan.slots.stable.version, message(plan, "Ready")


@pytest.mark.parametrize(
    ("facts", "minutes", "serves", "says"),
    [
        pytest.param(asked(40), 0, "2", "", id="it answered what its step asks for"),
        pytest.param(asked(39), 0, "1", "at least 40 requests of its own", id="loaded, and one request short"),
        pytest.param(asked(299, steps=[WEIGHT]), 0, "1", "at least 300 requests", id="300 unless the step says otherwise"),
        pytest.param(asked(None), 0, "1", "(are they scraped?)", id="nobody counts them"),
        pytest.param(asked(60, 1), 0, "1", "no finite answer to 2 of 100", id="the stable answered instead: more than 1 %"),
        pytest.param(asked(400, 4), 0, "2", "", id="within the budget"),
        pytest.param(asked(60, 60), 0, "1", "no finite answer to 100 of 100", id="it answers nothing"),
        pytest.param(asked(60, 60, steps=[FEW, PAUSE], index=1), 60, "1", "no finite", id="nor does time make it good"),
        pytest.param(asked(60, 0, steps=[FEW, PAUSE], index=1), 60, "2", "", id="time ends a pause of one that answers"),
        pytest.param(asked(60, 60, people=People(promote="2")), 0, "2", "", id="a person takes it all the same"),
        pytest.param(asked(79, steps=[FEW, FEW], index=1, from_rows=40), 0, "1", "at least 40", id="each step counts its own"),
        pytest.param(asked(0, steps=[SHADOW]), 0, "2", "", id="in shadow it is asked nothing"),
    ],
)
def test_a_candidate_without_rows(facts, minutes, serves, says):
    version, said = stands(facts, minutes)
    assert version == serves
    assert says in said


@pytest.mark.parametrize(("failed", "serves", "says"), [(60, "1", "100 of 100 rows"), (1, "1", "2 of 100 rows"), (0, "2", "")])
def test_rows_that_the_stable_had_to_answer_hold_a_candidate_that_no_policy_judges(failed, serves, says):
    facts = asked(60, failed, steps=[{"shadow": {"minRows": 40}}])
    rows = {"sourceRefs": [{"name": "reactor"}], "every": "3s"}
    version, said = stands(replace(facts, spec=spec("2", rollout={"steps": [{"shadow": {"minRows": 40}}]}, inputs=rows)))
    assert version == serves
    assert says in said


def test_a_step_that_waits_for_requests_shows_how_far_it_is():
    assert decide(asked(20), NOW).status.candidate.progress == "2/4"


@pytest.mark.parametrize(("facts", "begins"), [(asked(60, 60), "It has no finite answer to 100"), (asked(None), "Its requests")])
def test_what_it_waits_for_begins_with_the_reason(facts, begins):
    status = decide(facts, NOW).status.model_dump(mode="json", by_alias=True)
    assert standing({"status": status}).waits_for.startswith(begins)


def test_without_rows_versions_advance_on_requests():
    facts = asked(10)
    rows = replace(facts, spec=spec("2", inputs={"sourceRefs": [{"name": "reactor"}], "every": "3s"}))
    assert message(decide(facts, NOW), "Watched").endswith("new versions advance on requests alone.")
    assert message(decide(rows, NOW), "Watched").endswith("new versions advance on rows alone.")


def test_why_it_is_held_is_the_same_sentence_while_requests_come():
    assert stands(asked(10)) == stands(asked(11))
    assert condition(decide(asked(10), NOW), "Ready") == "False/CandidateJudged"
