"""What a DataSource's status says, and how quarantine windows open, close and outlive their policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from andon.api.datasource import DataSourceSpec, DataSourceStatus
from andon.api.decision import Action, Authority, Decision, DecisionState, Evidence, Verdict
from andon.core.datasource.plan import Collector, Facts, decide

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SPEC = DataSourceSpec.model_validate(
    {
        "asset": "reactor-1",
        "opcua": {"endpoint": "opc.tcp://plant:4840"},
        "tags": [{"name": "xmeas_7", "node": "nsu=urn:plant:tep;s=XMEAS_7"}],
        "landing": {"uri": "pvc://landing/reactor"},
    }
)
COLLECTING = Facts("plant-a", "reactor", 1, SPEC, DataSourceStatus(), Collector(available=True, message=""))
BEGAN = NOW - timedelta(seconds=30)


def fault(state: DecisionState = DecisionState.OPEN, id_: str = "d-0123456789") -> tuple[str, Decision]:
    evidence = Evidence(question="stuck", rows=60, value="100%", limit="5%", first_bad_row=BEGAN, scraped=NOW)
    decision = Decision(
        id=id_,
        target="soft-sensor",
        action=Action.QUARANTINE,
        verdict=Verdict.DATA_FAULT,
        subjects=["xmeas_7"],
        fault="Stuck",
        since=NOW,
        evidence=evidence,
        summary="xmeas_7 cannot be believed.",
        state=state,
    )
    return "watch", decision


@pytest.mark.parametrize(
    ("collector", "ready"),
    [
        pytest.param(Collector(available=True), "True/Collecting", id="all is well"),
        pytest.param(Collector(), "False/CollectorStarting", id="no pod yet"),
        pytest.param(Collector(connection="EndpointUnreachable"), "False/EndpointUnreachable", id="nobody answers"),
        pytest.param(Collector(connection="TagUnknown"), "False/TagUnknown", id="a node the server does not know"),
    ],
)
def test_readiness(collector, ready):
    status = decide(replace(COLLECTING, collector=collector), NOW).status
    said = next(c for c in status.conditions if c.type == "Ready")
    assert f"{said.status.value}/{said.reason}" == ready


def test_a_window_begins_with_the_first_bad_row_and_ends_when_the_decision_closes():
    opened = decide(replace(COLLECTING, decisions=(fault(),)), NOW).status
    (window,) = opened.quarantine
    assert (window.tags, window.since, window.until, window.fault) == (["xmeas_7"], BEGAN, None, "Stuck")
    later = NOW + timedelta(minutes=1)
    closed = decide(replace(COLLECTING, status=opened, decisions=(fault(DecisionState.CLOSED),)), later).status
    assert closed.quarantine[0].until == later
    assert decide(replace(COLLECTING, status=closed, decisions=(fault(DecisionState.CLOSED),)), later).status == closed


def test_a_window_outlives_the_policy_that_asked_for_it():
    opened = decide(replace(COLLECTING, decisions=(fault(),)), NOW).status
    assert decide(replace(COLLECTING, status=opened), NOW).status.quarantine == opened.quarantine


@pytest.mark.parametrize(
    ("policies", "ended"),
    [
        pytest.param(frozenset(), False, id="its policy is gone, or cannot see"),
        pytest.param(frozenset({"other"}), False, id="another policy sees"),
        pytest.param(frozenset({"watch"}), True, id="its policy sees, and no longer says so: recreated, or trimmed"),
    ],
)
def test_a_window_ends_when_its_policy_sees_and_no_longer_speaks_of_it(policies, ended):
    opened = decide(replace(COLLECTING, decisions=(fault(),)), NOW).status
    (window,) = decide(replace(COLLECTING, status=opened, seeing=policies), NOW).status.quarantine
    assert (window.until == NOW) is ended


def test_all_quarantined_tags_are_named():
    first = decide(replace(COLLECTING, decisions=(fault(),)), NOW).status
    policy, other = fault(id_="d-aaaaaaaaaa")
    other = other.model_copy(update={"subjects": ["xmeas_8"]})
    status = decide(replace(COLLECTING, status=first, decisions=(fault(), (policy, other))), NOW).status
    assert "xmeas_7, xmeas_8" in next(c.message for c in status.conditions if c.type == "Quarantined")


def test_only_the_newest_hundred_windows_are_kept():
    decisions = tuple(fault(id_=f"d-{n:010x}") for n in range(130))
    windows = decide(replace(COLLECTING, decisions=decisions), NOW).status.quarantine
    assert [w.decision for w in windows] == [f"d-{n:010x}" for n in range(30, 130)]


def test_a_suspended_source_is_not_touched():
    plan = decide(replace(COLLECTING, spec=SPEC.model_copy(update={"suspend": True}), decisions=(fault(),)), NOW)
    assert (plan.touch, plan.status.quarantine) == (False, [])


@pytest.mark.parametrize(
    ("approved", "windows", "asked"),
    [
        pytest.param(frozenset(), 0, True, id="nobody has approved: asked"),
        pytest.param(frozenset({"d-other"}), 0, True, id="another was approved: asked"),
        pytest.param(frozenset({"d-0123456789"}), 1, False, id="approved: kept out"),
    ],
)
def test_a_quarantine_that_needs_approval_waits_for_it(approved, windows, asked):
    policy, decision = fault()
    asking = (policy, decision.model_copy(update={"authority": Authority.CONFIRM}))
    status = decide(replace(COLLECTING, decisions=(asking,), approved=approved), NOW).status
    assert (len(status.quarantine), any(c.type == "AwaitingApproval" for c in status.conditions)) == (windows, asked)
