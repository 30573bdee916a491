"""GitInSync: whether git names what is meant to serve, and whether it could be told otherwise."""

from dataclasses import replace
from typing import get_args

import pytest

from andon.api.decision import WriteBackMode
from andon.api.missing import MissingReason
from andon.core.deployment.facts import GitOutcome, People
from andon.core.deployment.insync import AsMeant, has_line
from andon.core.deployment.plan import decide

from .deployments import NOW, condition, convicted, message, quarantined, serving, settled, slot, spec

PROTECTED = GitOutcome("Refused", "Refused", "git cannot push to branch main of https://git/plant.git: protected.")
ROLLED_BACK = settled(convicted(serving("1", candidate="2"), "2", "1"))[0]


def heard(outcome: GitOutcome):
    """Git's answer to the rollback."""
    (decision,) = ROLLED_BACK.status.decisions
    return replace(ROLLED_BACK, outcomes={decision.id: outcome})


def by_alias():
    """Git leaves it to MLflow which version it is."""
    model = {"mlflow": {"name": "m", "alias": "champion"}}
    return replace(serving("1"), spec=spec("1", model=model))


def person(pinned="", **words):
    """Git names version 2, and a person has said something."""
    asked = replace(serving("1", candidate="2"), people=People(**words))
    return replace(asked, pinned=slot(pinned)) if pinned else asked


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


CASES = [
    pytest.param(serving("1"), "True/InSync", id="git names what serves"),
    pytest.param(by_alias(), "Unknown/AliasUsed", id="git names no version"),
    pytest.param(person(pin="1", pinned="1"), "False/Pinned", id="a person has another version serve"),
    pytest.param(person(abort="2"), "False/Aborted", id="a person has taken the version out"),
    pytest.param(replace(serving("1"), preflight=PROTECTED), "Unknown/Refused", id="and could not be told of a rollback"),
    pytest.param(replace(serving("1"), preflight=PROTECTED, repository="None"), "True/InSync", id="nor is it to be told"),
    pytest.param(replace(serving("1"), repository="NotGranted"), "False/NotGranted", id="nobody granted the repository"),
    pytest.param(ROLLED_BACK, "False/CommitPending", id="a commit is on its way"),
    pytest.param(heard(GitOutcome("Away", "Timeout", "slow")), "False/Timeout", id="git is away"),
    pytest.param(heard(PROTECTED), "False/WriteRefused", id="git refuses"),
    pytest.param(proposed(), "False/Proposed", id="a person is to merge it"),
    pytest.param(quarantined(serving("1", named="2"), "2", "d-0123456789"), "False/VersionQuarantined", id="named again"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "said"), CASES)
def test_git_in_sync(facts, said):
    assert condition(decide(facts, NOW), "GitInSync") == said


def test_each_reason_that_is_as_meant_has_a_case_and_trouble_has_none_of_them():
    reasons = {said.partition("/")[2] for _, said in (case.values for case in CASES)}
    assert reasons - {"Refused", "NotGranted", "Timeout", "WriteRefused"} == set(AsMeant)
    assert set(AsMeant).isdisjoint(get_args(MissingReason))


FILE = {"uri": "https://models/e.onnx", "digest": "sha256:" + "1" * 64, "version": "1"}


@pytest.mark.parametrize(
    ("changes", "has"),
    [
        pytest.param({}, True, id="git names a version"),
        pytest.param({"suspend": True}, False, id="nothing is done"),
        pytest.param({"git": None}, False, id="there is no repository"),
        pytest.param({"model": {"mlflow": {"name": "m", "alias": "champion"}}}, False, id="git names an alias"),
        pytest.param({"model": {"mlflow": None, "file": FILE}}, False, id="git names a file"),
    ],
)
def test_a_rollback_has_a_line_to_change(changes, has):
    assert has_line(spec("1", **changes)) is has


def test_what_would_go_wrong_is_said_in_whole():
    said = message(decide(replace(serving("1"), preflight=PROTECTED), NOW), "GitInSync")
    assert said.startswith("git names what is wanted, but a rollback could not be committed now: git cannot push")


def test_a_repository_that_is_not_granted_is_said_before_any_decision_and_nothing_else_suffers():
    plan = decide(replace(serving("1"), repository="NotGranted"), NOW)
    assert "grants namespace plant-a no repository 'plant'. Next: " in message(plan, "GitInSync")
    assert (condition(plan, "Ready"), condition(plan, "Stalled"), condition(plan, "Reconciling")) == ("True/Serving", None, None)
