"""A first version has none to be held against: it is called good after rows enough with finite answers."""

from dataclasses import replace

import pytest

from andon.api.deployment import Served
from andon.api.evidence import Counted
from andon.core.deployment.facts import People
from andon.core.deployment.first import is_due
from andon.core.deployment.plan import decide

from .deployments import NOW, condition, followed, message, nothing, revision, serving, slot, spec

ROWS = {"sourceRefs": [{"name": "reactor"}], "every": "3s"}
FRESH = replace(
    nothing("1"), spec=spec("1", inputs=ROWS, rollout={"steps": [{"shadow": {"minRows": 60}}]}), rows_url="http://rows"
)
SERVES = followed(FRESH, decide(FRESH, NOW))


@pytest.mark.parametrize(
    ("counted", "ready", "verdict"),
    [
        pytest.param(None, "False/FirstJudged", "Unknown/Counting", id="nobody can count: not yet"),
        pytest.param(Counted(59, 0), "False/FirstJudged", "Unknown/Counting", id="a row short"),
        pytest.param(Counted(60, 0), "True/Serving", "True/WithinBudget", id="rows enough"),
        pytest.param(Counted(200, 2), "True/Serving", "True/WithinBudget", id="exactly the budget"),
        pytest.param(Counted(200, 3), "False/ErrorBudgetSpent", "False/ErrorBudgetSpent", id="beyond it"),
        pytest.param(Counted(1, 1), "False/ErrorBudgetSpent", "False/ErrorBudgetSpent", id="more than all rows could make good"),
    ],
)
def test_a_first_version(counted, ready, verdict):
    plan = decide(replace(SERVES, counted=counted), NOW)
    assert (condition(plan, "Ready"), condition(plan, "FirstJudged")) == (ready, verdict)
    assert plan.slots.stable.version == "1"


def test_a_spent_budget_says_number_limit_and_next_step_and_stays_spent():
    spent = decide(replace(SERVES, counted=Counted(200, 3)), NOW)
    assert "3 of its first 200 rows" in message(spent, "Stalled")
    assert "errorBudget (0.01)" in message(spent, "Stalled")
    assert "andon.dev/promote=1" in message(spent, "Stalled")
    later = decide(replace(followed(SERVES, spent), counted=Counted(2000, 3)), NOW)
    assert condition(later, "Ready") == "False/ErrorBudgetSpent"


def test_a_person_may_accept_it():
    spent = decide(replace(SERVES, counted=Counted(200, 3)), NOW)
    plan = decide(replace(followed(SERVES, spent), people=People(promote="1")), NOW)
    assert (condition(plan, "Ready"), condition(plan, "FirstJudged")) == ("True/Serving", "True/Accepted")


def test_what_was_good_stays_good_when_the_servers_counters_begin_anew():
    good = followed(SERVES, decide(replace(SERVES, counted=Counted(60, 0)), NOW))
    assert not is_due(good)
    unavailable = decide(replace(good, acks={}, counted=Counted(1, 1)), NOW)
    assert condition(decide(replace(good, status=unavailable.status, counted=Counted(1, 1)), NOW), "Ready") == "True/Serving"


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(replace(SERVES, spec=spec("1")), id="no rows of its own"),
        pytest.param(
            replace(
                SERVES,
                status=SERVES.status.model_copy(
                    update={"history": [Served(version="9", digest=revision("9").digest, since=NOW)]}
                ),
            ),
            id="another served before",
        ),
        pytest.param(replace(SERVES, held=SERVES.held.model_copy(update={"reference": slot("9")})), id="it has a reference"),
        pytest.param(
            replace(SERVES, status=decide(serving("1"), NOW).status, counted=Counted(9, 9)),
            id="it was Ready before this was asked",
        ),
    ],
)
def test_no_first_version_is_asked_to_prove_itself(facts):
    assert not is_due(facts)
    assert condition(decide(replace(facts, held=decide(facts, NOW).slots), NOW), "FirstJudged") is None
