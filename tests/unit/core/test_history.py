"""A deployment whose status is lost: what git or the registry remembers counts; where neither can say, nothing new is served."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.deployment import ModelDeploymentStatus, Served
from andon.api.missing import Missing
from andon.api.quarantine import Conviction, from_tag, tag_of
from andon.core.deployment.history import is_lost, recalled, recorded
from andon.core.deployment.plan import decide

from .deployments import NOW, condition, digest, message, nothing, quarantined, registry_away, revision, serving, settled, spec

D = "d-0123456789"
AWAY = Missing("Unreachable", "Neither git nor MLflow answers.")


def lost(*convictions: Conviction):
    """A new object that names version 2, as far as its status says."""
    facts = nothing("2")
    return replace(facts, status=recalled(facts.status, convictions, NOW))


def convicted(version: str, decision: str = D) -> Conviction:
    return Conviction(version, digest(version), decision, "plant-a/soft-sensor", NOW - timedelta(days=1))


def test_what_was_rolled_back_before_the_cluster_was_rebuilt_is_not_served():
    plan = decide(lost(convicted("2")), NOW)
    assert (plan.slots, condition(plan, "Ready"), condition(plan, "Stalled")) == (
        None,
        "False/RolledBack",
        "True/VersionQuarantined",
    )
    assert f"set spec.model.overrides: {D}" in message(plan, "Stalled")
    assert [(q.digest, q.decision) for q in plan.status.quarantined] == [(digest("2"), D)], "and from now on the status says so"


def test_naming_the_decision_serves_it_all_the_same():
    plan = decide(replace(lost(convicted("2")), spec=spec("2", model={"overrides": D})), NOW)
    assert plan.slots.stable.version == "2"


def test_another_version_is_no_worse_for_it():
    assert decide(lost(convicted("7")), NOW).slots.stable.version == "2"


@pytest.mark.parametrize(
    ("given", "serves", "reason"),
    [
        pytest.param(replace(nothing("2"), unread=AWAY), None, "HistoryUnread", id="nothing serves: nothing is served"),
        pytest.param(registry_away(replace(nothing("2"), unread=AWAY)), None, "HistoryUnread", id="nor can it be looked up"),
        pytest.param(
            registry_away(replace(nothing("2"), unread=AWAY, repository="None")), None, "Unreachable",
            id="with only the registry to ask, that it is away is all there is to say",
        ),
        pytest.param(replace(serving("1", named="2"), unread=AWAY), "1", "HistoryUnread", id="what serves, serves on"),
    ],
)  # fmt: skip
def test_without_a_memory_nothing_new_is_served(given, serves, reason):
    plan = decide(given, NOW)
    assert (plan.slots.stable.version if plan.slots else None, plan.slots.candidate if plan.slots else None) == (serves, None)
    assert condition(plan, "Ready") == f"False/{reason}"


def test_a_pin_is_a_persons_word_and_needs_no_memory():
    from .deployments import slot
    from .test_people import asked

    pinned = replace(asked(replace(nothing("2"), unread=AWAY), pin="1"), pinned=slot("1"))
    assert decide(pinned, NOW).slots.stable.version == "1"


def test_a_status_is_lost_until_something_has_served():
    assert is_lost(ModelDeploymentStatus())
    assert not is_lost(serving("1").status)
    assert not is_lost(ModelDeploymentStatus(history=[Served(version="1", digest=digest("1"), since=NOW)]))


def test_what_the_status_says_itself_goes_before_what_others_remember():
    before = quarantined(nothing("2"), "2", D).status
    after = recalled(before, (convicted("2", "d-9999999999"), convicted("3")), NOW)
    assert {q.version: q.decision for q in after.quarantined} == {"2": D, "3": D}
    assert recalled(after, (convicted("3"),), NOW) == after, "told again, nothing is written"


def test_the_registrys_having_been_told_is_written_down_once():
    before = quarantined(nothing("2"), "2", D).status
    after = recorded(before, frozenset({D}))
    assert [q.recorded for q in after.quarantined] == [True]
    assert recorded(after, frozenset({D})) is after
    assert recorded(before, frozenset({"d-9999999999"})) is before, "another decision about the same version"


def test_a_tag_says_again_what_was_written_into_it_of_each_deployment():
    both = tuple(Conviction("2", digest("2"), D, whose) for whose in ("plant-a/soft-sensor", "plant-b/soft-sensor"))
    assert from_tag("2", tag_of(both)) == both
    assert from_tag("2", f"yes, {tag_of(both)}") == both, "what somebody else wrote is passed over"
    assert len(tag_of(both * 100)) < 5000


def test_a_rollback_is_recorded_where_the_deployment_has_settled():
    facts, plan = settled(serving("1"))
    assert plan.status.effective == revision("1")
    assert not is_lost(facts.status)
