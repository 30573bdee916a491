"""What serves is still judged beside what it replaced, for as long as that is kept."""

from dataclasses import replace

import pytest

from andon.api.decision import Action, Verdict
from andon.core.drift.plan import decide

from .deployments import revision
from .policies import NOW, SURE, asked_for, of_candidate, policy, reasons, refused, says, sees, tag

WORSE = of_candidate("loss", SURE, rows=400, value=3.0)


def promoted(*seen, judged=None, **more):
    """Version 2 serves since it replaced version 1; judged: another candidate beside it."""
    facts = sees(*seen, candidate=judged, **more)
    update = {"effective": revision("2"), "reference": revision("1")}
    target = replace(facts.target, status=facts.target.status.model_copy(update=update))
    sound = tuple(replace(s, revision=of_candidate("loss", 0).revision) if s.subject != "candidate" else s for s in facts.series)
    return replace(facts, target=target, series=sound)


@pytest.mark.parametrize(
    ("seen", "verdict", "asked"),
    [
        pytest.param((), Verdict.HEALTHY, [], id="nothing is said of the pair: its own chain speaks"),
        pytest.param((WORSE,), Verdict.MODEL_REGRESSION, [Action.ROLLBACK], id="worse with labels: back"),
        pytest.param((of_candidate("loss", SURE, rows=40, value=3.0),), Verdict.HEALTHY, [], id="on too few rows: not yet"),
        pytest.param(
            (of_candidate("paired", SURE, value=2.0),), Verdict.MODEL_REGRESSION, [Action.ROLLBACK], id="worse without labels"
        ),
        pytest.param(
            (of_candidate("loss", 0.0, value=1.0), of_candidate("paired", SURE)), Verdict.HEALTHY, [], id="labels decide"
        ),
        pytest.param((WORSE, tag("xmeas_7", "stuck", 4.0)), Verdict.HEALTHY, [], id="a tag under suspicion: data first"),
    ],
)
def test_what_serves_beside_its_predecessor(seen, verdict, asked):
    status = decide(promoted(*seen), NOW)
    assert (status.verdict, asked_for(status)) == (verdict, asked)


def test_the_rollback_leads_from_what_serves_to_its_predecessor():
    (decision,) = decide(promoted(WORSE), NOW).decisions
    assert (decision.from_, decision.to) == (revision("2"), revision("1"))
    assert "that of version 1" in decision.summary
    assert decision.evidence.value == "3.00 times its predecessor's error"


def test_without_a_reference_the_same_numbers_convict_nobody():
    facts = promoted(WORSE)
    alone = replace(facts, target=replace(facts.target, status=facts.target.status.model_copy(update={"reference": None})))
    status = decide(alone, NOW)
    assert (asked_for(status), reasons(status.conditions)["StableHealthy"]) == ([], "Healthy")


def test_guard_rails_stand_before_it_as_before_any_other():
    assert refused(decide(promoted(WORSE, spec=policy(dryRun=True)), NOW)) == ["DryRun"]


def test_a_candidate_beside_it_is_judged_for_itself():
    third = says("loss-equal", SURE, of="3", subject="candidate", value=1.0)
    status = decide(promoted(WORSE, third, judged="3"), NOW)
    assert (status.verdict, status.judged) == (Verdict.HEALTHY, revision("3"))
    (decision,) = status.decisions
    assert (decision.from_, decision.to) == (revision("2"), revision("1"))
