"""GitInSync: whether git names what is meant to serve, and whether it could be told otherwise."""

from dataclasses import replace

import pytest

from andon.api.decision import WriteBackMode
from andon.core.deployment.facts import GitOutcome
from andon.core.deployment.plan import decide

from .deployments import NOW, condition, convicted, message, quarantined, serving, settled

PROTECTED = GitOutcome("Refused", "Refused", "git cannot push to branch main of https://git/plant.git: protected.")
ROLLED_BACK = settled(convicted(serving("1", candidate="2"), "2", "1"))[0]


def heard(outcome: GitOutcome):
    """Git's answer to the rollback."""
    (decision,) = ROLLED_BACK.status.decisions
    return replace(ROLLED_BACK, outcomes={decision.id: outcome})


def proposed():
    """The policy wants a pull request, and its branch is pushed."""
    facts = convicted(serving("1", candidate="2"), "2", "1")
    assert facts.policy is not None
    asking = replace(facts, policy=replace(facts.policy, write_back=WriteBackMode.PULL_REQUEST))
    facts, plan = settled(asking)
    assert plan.git is not None
    assert plan.git.decision.write_back is WriteBackMode.PULL_REQUEST
    pushed = GitOutcome("Committed", "Proposed", "branch andon/plant-a/e waits for a person who merges it", "c0ffee")
    return replace(facts, status=decide(replace(facts, outcomes={plan.git.decision.id: pushed}), NOW).status)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param(serving("1"), "True/InSync", id="git names what serves"),
        pytest.param(replace(serving("1"), preflight=PROTECTED), "Unknown/Refused", id="and could not be told of a rollback"),
        pytest.param(replace(serving("1"), preflight=PROTECTED, repository="None"), "True/InSync", id="nor is it to be told"),
        pytest.param(ROLLED_BACK, "False/CommitPending", id="a commit is on its way"),
        pytest.param(heard(GitOutcome("Away", "Timeout", "slow")), "False/Timeout", id="git is away"),
        pytest.param(heard(PROTECTED), "False/WriteRefused", id="git refuses"),
        pytest.param(proposed(), "False/Proposed", id="a person is to merge it"),
        pytest.param(quarantined(serving("1", named="2"), "2", "d-0123456789"), "False/VersionQuarantined", id="named again"),
    ],
)  # fmt: skip
def test_git_in_sync(facts, said):
    assert condition(decide(facts, NOW), "GitInSync") == said


def test_what_would_go_wrong_is_said_in_whole():
    said = message(decide(replace(serving("1"), preflight=PROTECTED), NOW), "GitInSync")
    assert said.startswith("git names what is wanted, and a rollback could not be committed: git cannot push")
