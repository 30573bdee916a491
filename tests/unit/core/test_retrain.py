"""What a pipeline makes of a decision to retrain: copied first, one run for it, ended once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision, DecisionState, Evidence, Verdict
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.core.training.facts import Facts, Job, Target
from andon.core.training.plan import Plan, decide

from .deployments import revision
from .test_training import DOCUMENT, NOW, SOURCE

SPEC = TrainingPipelineSpec.model_validate(DOCUMENT | {"promotion": {"deploymentRef": {"name": "product-e"}}})
EVIDENCE = Evidence(question="error", rows=400, value="3 times the reference's", limit="1.10", scraped=NOW)


def asked(id_: str = "d-1", authority: Authority = Authority.ACT, **more: Any) -> Decision:
    given = {"action": Action.RETRAIN, "target": "product-e", "from_": revision("1"), "since": NOW} | more
    return Decision(
        id=id_, authority=authority, verdict=Verdict.CONCEPT_DRIFT, evidence=EVIDENCE, summary="It errs more.", **given
    )


def target(*decisions: Decision, effective: str | None = "1", **more: Any) -> Target:
    serving = revision(effective) if effective else None
    return Target("product-e", serving, tuple(("watch", d) for d in decisions), **more)


def pipeline(**more: Any) -> Facts:
    """Its spec has its version 1, which is served."""
    facts = Facts("plant-a", "trainer", 1, SPEC, TrainingPipelineStatus(), source=SOURCE, labelled=400)
    trained = TrainingPipelineStatus(trained=revision("1"), trained_spec=facts.spec_fingerprint)
    return replace(facts, status=trained, **more)


def taken_over(facts: Facts) -> Facts:
    """One reconcile later."""
    return replace(facts, status=decide(facts, NOW).status)


def said(plan: Plan, type_: str) -> str | None:
    return next((c.reason for c in plan.status.conditions if c.type == type_), None)


def states(plan: Plan) -> list[tuple[str, ActedState]]:
    return [(d.id, d.state) for d in plan.status.decisions]


ACTING = taken_over(pipeline(target=target(asked())))
LATER = asked("d-2", since=NOW + timedelta(minutes=1))
CONFIRM = asked(authority=Authority.CONFIRM)


@pytest.mark.parametrize(
    ("facts", "runs", "acted"),
    [
        pytest.param(pipeline(target=target(asked())), True, [("d-1", ActedState.ACTING)], id="nobody's word is needed: train"),
        pytest.param(pipeline(target=target(CONFIRM)), False, [], id="not approved: wait"),
        pytest.param(
            pipeline(target=target(CONFIRM), approvals={"d-1": "jane"}), True, [("d-1", ActedState.ACTING)], id="approved: train"
        ),
        pytest.param(pipeline(target=target(CONFIRM), approvals={"d-7": "jane"}), False, [], id="another one was approved"),
        pytest.param(pipeline(target=target(asked(state=DecisionState.CLOSED))), False, [], id="closed meanwhile"),
        pytest.param(pipeline(target=target(asked(), effective="2")), False, [], id="about what is served no more"),
        pytest.param(pipeline(target=target(asked(), effective=None)), False, [], id="nobody knows what is served"),
        pytest.param(pipeline(target=target(asked(action=Action.ROLLBACK))), False, [], id="a rollback is for the deployment"),
        pytest.param(pipeline(target=target(asked(target="other"))), False, [], id="about another deployment"),
        pytest.param(pipeline(target=target(asked(), rival="older")), False, [], id="an older pipeline acts"),
        pytest.param(
            pipeline(target=target(asked()), labelled=Missing("Timeout", "Prometheus")), False, [("d-1", ActedState.ACTING)],
            id="taken over, and an outage starts nothing",
        ),
        pytest.param(
            pipeline(target=target(LATER, asked())), True, [("d-1", ActedState.ACTING)], id="two: the older first, one at a time"
        ),
        pytest.param(ACTING, True, [("d-1", ActedState.ACTING)], id="killed before its Job was there: begun"),
        pytest.param(
            replace(ACTING, target=target()), True, [("d-1", ActedState.ACTING)], id="the policy is gone: finished from the copy"
        ),
        pytest.param(
            replace(ACTING, target=None), True, [("d-1", ActedState.ACTING)], id="the deployment is not known: finished"
        ),
        pytest.param(
            replace(ACTING, target=target(asked(), effective="2")), False, [("d-1", ActedState.EXPIRED)],
            id="another version is served before it began",
        ),
        pytest.param(
            replace(ACTING, target=target(asked(), effective="2"), job=Job()), True, [("d-1", ActedState.ACTING)],
            id="or after: it ends as it may",
        ),
        pytest.param(
            replace(ACTING, spec=SPEC.model_copy(update={"promotion": None})), False, [("d-1", ActedState.EXPIRED)],
            id="the pipeline trains for nobody any more",
        ),
        pytest.param(
            replace(ACTING, job=Job(succeeded=True, outcome=revision("2"))), True, [("d-1", ActedState.DONE)], id="trained"
        ),
        pytest.param(
            replace(ACTING, job=Job(succeeded=True, outcome=Missing("Unreachable", "MLflow is away."))), True,
            [("d-1", ActedState.ACTING)], id="trained, and nobody says which version yet",
        ),
        pytest.param(
            replace(ACTING, job=Job(failed=True, reason="GateFailed", message="rmse 0.9")), True, [("d-1", ActedState.REFUSED)],
            id="a gate refused it",
        ),
        pytest.param(
            replace(ACTING, spec=SPEC.model_copy(update={"suspend": True})), False, [("d-1", ActedState.ACTING)],
            id="suspended: left alone",
        ),
    ],
)  # fmt: skip
def test_retrain(facts, runs, acted):
    plan = decide(facts, NOW)
    assert (plan.run, states(plan)) == (runs, acted)


def test_a_retrain_is_a_run_of_its_own_of_the_same_spec():
    plain, other = pipeline(), pipeline(target=target(LATER))
    assert len({plain.job_name, ACTING.job_name, other.job_name}) == 3
    assert ACTING.fingerprint == pipeline(target=target(asked())).fingerprint, "the same before and after it was taken over"
    assert ACTING.spec_fingerprint == plain.spec_fingerprint


def test_the_version_of_a_retrain_stands_for_the_spec_too_and_nothing_is_trained_after_it():
    done = decide(replace(ACTING, job=Job(succeeded=True, outcome=revision("2"))), NOW).status
    assert (done.trained, done.trained_spec) == (revision("2"), ACTING.spec_fingerprint)
    after = decide(replace(ACTING, status=done), NOW)
    assert (after.run, after.status) == (False, done), "settled: nothing more is written"


def test_a_decision_is_acted_on_once_though_it_stays_open():
    failed = decide(replace(ACTING, job=Job(failed=True)), NOW).status
    assert not decide(replace(ACTING, status=failed), NOW).run


def test_who_uses_the_model_does_not_make_it_another_model():
    assert SPEC.promotion is not None
    unused = replace(pipeline(), spec=TrainingPipelineSpec.model_validate(DOCUMENT))
    assert decide(unused, NOW).run is False


def test_a_pipeline_stays_ready_while_it_trains_another_version_and_though_that_fails():
    running = decide(replace(ACTING, job=Job()), NOW)
    failed = decide(replace(ACTING, job=Job(failed=True, reason="GateFailed", message="rmse 0.9")), NOW)
    for plan, retrained in ((running, "Retraining"), (failed, "RetrainRefused")):
        assert (said(plan, "Ready"), said(plan, "Stalled"), said(plan, "Retrained")) == ("Trained", None, retrained)
    assert said(running, "Reconciling") is None, "which kstatus would take for not ready"
    assert failed.status.decisions[0].outcome == "GateFailed: rmse 0.9"


def test_a_person_is_told_how_to_approve_and_named_in_the_end():
    waiting = pipeline(target=target(CONFIRM))
    asking = next(c for c in decide(waiting, NOW).status.conditions if c.type == "AwaitingApproval")
    assert (
        "kubectl annotate --overwrite -n plant-a trainingpipeline trainer andon.dev/approve=d-1/YOUR-USERNAME" in asking.message
    )
    begun = taken_over(replace(waiting, approvals={"d-1": "jane"}))
    done = decide(replace(begun, approvals={}, job=Job(succeeded=True, outcome=revision("2"))), NOW).status
    assert done.decisions[0].approved_by == "jane"
    assert not [c for c in done.conditions if c.type == "AwaitingApproval"]


def test_no_more_decisions_are_kept_than_the_status_may_hold():
    old = [
        ActedDecision(
            id=f"d-old{n}", policy="watch", action=Action.RETRAIN, verdict=Verdict.CONCEPT_DRIFT, from_=revision("1"), summary="",
            evidence=EVIDENCE, decided=NOW, state=ActedState.DONE,
        )
        for n in range(10)
    ]  # fmt: skip
    full = pipeline(target=target(asked()))
    status = decide(replace(full, status=full.status.model_copy(update={"decisions": old})), NOW).status
    assert (len(status.decisions), status.decisions[-1].id, status.decisions[0].id) == (10, "d-1", "d-old1")
