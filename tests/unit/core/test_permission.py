"""A rollback that needs somebody's word or right: approval, the grant of a repository, and what makes it moot."""

from dataclasses import replace

import pytest

from andon.api.decision import ActedState, Authority
from andon.api.types import Revision
from andon.core.deployment.plan import decide

from .deployments import NOW, condition, convicted, digest, followed, serving, settled


def confirming(facts):
    """The same, where the policy gives no more than the right to ask."""
    asked = tuple(d.model_copy(update={"authority": Authority.CONFIRM}) for d in facts.policy.decisions)
    return replace(facts, policy=replace(facts.policy, decisions=asked))


JUDGED = confirming(convicted(serving("1", candidate="2"), "2", "1"))
ID = JUDGED.policy.decisions[0].id


@pytest.mark.parametrize(
    ("approved", "candidate", "acted"),
    [
        pytest.param({}, "2", [], id="nobody has approved: it is judged on"),
        pytest.param({"d-0000000000": "jane"}, "2", [], id="another decision was approved"),
        pytest.param({ID: "jane"}, None, [ActedState.ACTING], id="approved: back it goes"),
    ],
)
def test_approval(approved, candidate, acted):
    plan = decide(replace(JUDGED, approved=approved), NOW)
    judged = plan.slots.candidate.version if plan.slots.candidate else None
    assert (judged, [d.state for d in plan.status.decisions]) == (candidate, acted)


def test_it_is_asked_for_as_long_as_it_is_open_and_no_longer():
    assert condition(decide(JUDGED, NOW), "AwaitingApproval") == "True/RollbackDecided"
    message = next(c.message for c in decide(JUDGED, NOW).status.conditions if c.type == "AwaitingApproval")
    assert f"kubectl annotate --overwrite -n plant-a modeldeployment soft-sensor andon.dev/approve={ID}/" in message
    approved = replace(JUDGED, approved={ID: "jane"})
    assert condition(decide(approved, NOW), "AwaitingApproval") is None


def test_what_was_taken_over_needs_the_approval_no_more():
    approved = replace(JUDGED, approved={ID: "jane"})
    begun = replace(followed(approved, decide(approved, NOW)), approved={}, policy=None)
    plan = decide(begun, NOW)
    assert plan.git is not None
    assert plan.git.decision.approved_by == "jane", "the commit says whose word it was, though the annotation is gone"


def test_git_is_told_when_the_grant_comes():
    facts, plan = settled(replace(convicted(serving("1", candidate="2"), "2", "1"), repository="NotGranted"))
    (refused,) = plan.status.decisions
    assert (refused.state, plan.git) == (ActedState.REFUSED, None)
    assert "ask the platform team" in refused.outcome
    granted = decide(replace(facts, repository="Granted"), NOW)
    assert (granted.status.decisions[0].state, granted.git.decision.id) == (ActedState.ACTING, refused.id)


def test_what_git_itself_refused_stays_refused():
    facts, plan = settled(replace(convicted(serving("1", candidate="2"), "2", "1"), repository="NotGranted"))
    by_git = plan.status.decisions[0].model_copy(update={"outcome": "AliasUsed: the value is an alias"})
    refused = replace(facts, status=facts.status.model_copy(update={"decisions": [by_git]}), repository="Granted")
    assert decide(refused, NOW).status.decisions[0].state is ActedState.REFUSED


def test_a_rollback_expires_when_a_third_version_serves_before_it_was_carried_out():
    begun = decide(convicted(serving("1", candidate="2"), "2", "1"), NOW).status
    third = Revision(version="3", digest=digest("3"))
    moved_on = replace(serving("3"), status=begun.model_copy(update={"effective": third}), policy=None)
    (ended,) = decide(moved_on, NOW).status.decisions
    assert (ended.state, "version 3 serves" in ended.outcome) == (ActedState.EXPIRED, True)
