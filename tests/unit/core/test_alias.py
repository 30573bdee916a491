"""An alias in place of a version: another one is a new version, a rollback has no line in git, and Andon moves no alias."""

from dataclasses import replace

import pytest

from andon.api.decision import ActedState
from andon.core.deployment.plan import decide

from .deployments import NOW, condition, convicted, message, registry_away, serving, settled, slot, spec

CHAMPION = spec("1", model={"mlflow": {"name": "m", "alias": "champion"}})


def aliased(facts, version: str | None = None):
    """git names the alias, and MLflow says that it is this version."""
    return replace(facts, spec=CHAMPION, wanted=slot(version) if version else facts.wanted)


def test_an_alias_is_what_it_names():
    plan = decide(aliased(serving("1"), "1"), NOW)
    assert (condition(plan, "Ready"), condition(plan, "GitInSync")) == ("True/Serving", "Unknown/AliasUsed")
    assert plan.status.desired.version == "1"


def test_a_moved_alias_is_a_new_version_that_is_judged():
    plan = decide(aliased(serving("1"), "2"), NOW)
    assert (plan.slots.stable.version, plan.slots.candidate.version) == ("1", "2")


def test_a_rollback_of_an_alias_asks_git_for_nothing():
    facts, plan = settled(aliased(convicted(serving("1", candidate="2"), "2", "1"), "2"))
    assert (plan.slots.stable.version, plan.git) == ("1", None)
    (decision,) = plan.status.decisions
    assert (decision.state, decision.commit) == (ActedState.DONE, None)
    assert "alias champion is for a person to move" in decision.outcome
    assert condition(plan, "Stalled") == "True/VersionQuarantined"
    assert "alias champion names version 2" in message(plan, "Stalled")
    assert "Move it to another version" in message(plan, "Stalled")
    assert condition(plan, "GitInSync") == "Unknown/AliasUsed"
    back = decide(aliased(facts, "1"), NOW)
    assert condition(back, "Ready") == "True/Serving", "moved back by a person"


def test_while_nobody_says_what_it_names_what_serves_serves_on():
    plan = decide(registry_away(aliased(serving("1"))), NOW)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == ("1", "False/Unreachable")
    assert plan.status.desired.version == "1"


@pytest.mark.parametrize("model", [{"version": "1", "alias": "champion"}, {}], ids=["both", "neither"])
def test_it_is_a_version_or_an_alias(model):
    with pytest.raises(ValueError, match="set exactly one of: version, alias"):
        spec("1", model={"mlflow": {"name": "m", **model}})
