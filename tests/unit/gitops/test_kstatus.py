"""How Flux and everybody who waits by kstatus see each state: never healthy too soon, failed at once where a person must act."""

import pytest

from andon.core.deployment.plan import decide
from support.kstatus import kstatus
from unit.core.deployments import NOW, nothing
from unit.gitops.states import STATES, State


@pytest.mark.parametrize("state", STATES, ids=lambda state: f"{state.kind}: {state.name}")
def test_kstatus(state: State):
    assert kstatus(state.document()) == state.kstatus


def test_a_deleted_object_is_on_its_way_out():
    assert kstatus({"metadata": {"generation": 1, "deletionTimestamp": "2026-01-02T03:04:05Z"}}) == "Terminating"


def test_an_object_without_any_status_would_pass_for_finished():
    """Why the CRDs give `status` a default."""
    assert kstatus({"metadata": {"generation": 1}}) == "Current"


def test_the_first_status_is_of_the_generation_that_was_seen():
    status = decide(nothing(), NOW).status
    assert status.observed_generation == 1
    assert {c.observed_generation for c in status.conditions} == {1}
