"""Policies as sentences: what a policy sees, of a deployment that serves version 1 on sound data."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

from andon.api.decision import ActedDecision, ActedState, Action, Evidence, Verdict
from andon.api.evidence import TAG_FAULTS, EvidenceSeries
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import short
from andon.core.drift.facts import Facts, Target

from .deployments import digest, revision, serving, spec

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROW = timedelta(seconds=3)
SURE = log(1000) + 1
ROWS = {"sourceRefs": [{"name": "reactor"}], "every": "3s"}
TAGS = ("xmeas_7", "xmeas_8", "xmeas_9", "xmeas_10")


def policy(**more: Any) -> DriftPolicySpec:
    document = {"targetRef": {"name": "soft-sensor"}, "interval": "10s", "evidence": {"minRows": 60}}
    return DriftPolicySpec.model_validate(document | more)


def says(question: str, log_e: float, *, of: str = "1", subject: str = "stable", rows: int = 400, **more: Any) -> EvidenceSeries:
    """One answer. since: rows ago that it began to look bad."""
    since = more.pop("since", None)
    given = {"value": 1.0, "first_bad": None if since is None else NOW - since * ROW, "last_row": NOW, "epoch": 1} | more
    return EvidenceSeries(
        namespace="plant-a",
        deployment="soft-sensor",
        revision=short(digest(of)),
        profile="abcdef01",
        question=question,
        subject=subject,
        log_e=log_e,
        rows=rows,
        block=rows // 20,
        scraped=NOW,
        **given,
    )


def tag(name: str, question: str, log_e: float = SURE, **more: Any) -> EvidenceSeries:
    return says(question, log_e, subject=name, **{"value": 1.0, "since": 40} | more)


SOUND = (
    *(tag(name, question, -2, since=None, value=0.0) for name in TAGS for question in TAG_FAULTS),
    *(says(question, -2) for question in ("error", "shift", "off-support", "prediction")),
    says("reference", 0, subject="blocks", value=150),
    says("fit", 0, subject="rows"),
)


def sees(*seen: EvidenceSeries, candidate: str | None = None, **more: Any) -> Facts:
    """These answers, and sound ones to all else that is asked of version 1."""
    deployment = serving("1", candidate=candidate)
    told = {(s.question, s.subject) for s in seen}
    facts = Facts(
        namespace="plant-a",
        name="watch",
        generation=1,
        spec=policy(),
        status=DriftPolicyStatus(),
        target=Target(spec(candidate or "1", inputs=ROWS), deployment.status),
        series=(*seen, *(s for s in SOUND if (s.question, s.subject) not in told)),
        pipelines=("soft-sensor",),
    )
    return replace(facts, **more)


def judging(*seen: EvidenceSeries, **more: Any) -> Facts:
    """Version 2 is the candidate."""
    return sees(*seen, candidate="2", **more)


def of_candidate(question: str, log_e: float, **more: Any) -> EvidenceSeries:
    return says(question, log_e, of="2", subject="candidate", **{"value": 1.8} | more)


BAD = of_candidate("loss", SURE)
GOOD = of_candidate("loss-equal", SURE, value=1.0)
MOVED = says("shift", SURE, since=250, value=2.5)
ERRS = says("error", SURE, since=300, value=1.6)


def without(facts: Facts, *questions: str) -> Facts:
    """Nobody answers these."""
    return replace(facts, series=tuple(s for s in facts.seen if s.question not in questions))


def acted(action: Action, ago: timedelta, *, id_: str = "d-0", state: ActedState = ActedState.DONE) -> ActedDecision:
    """What was done for the deployment some time ago."""
    return ActedDecision(
        id=id_,
        policy="watch",
        action=action,
        verdict=Verdict.MODEL_REGRESSION,
        from_=revision("9"),
        to=revision("1"),
        summary="As it was.",
        evidence=Evidence(question="loss", rows=60, value="1.8", limit="1.1", scraped=NOW),
        decided=NOW - ago,
        state=state,
    )


def done(facts: Facts, *what: ActedDecision) -> Facts:
    """The deployment's own copies."""
    assert facts.target is not None
    status = facts.target.status.model_copy(update={"decisions": list(what)})
    return replace(facts, target=replace(facts.target, status=status))


def asked_for(status: DriftPolicyStatus) -> list[Action]:
    return [d.action for d in status.decisions if d.state == "Open"]


def refused(status: DriftPolicyStatus) -> list[str]:
    return [h.reason for h in status.held]


def reasons(conditions: Iterable[Any]) -> dict[str, str]:
    return {c.type: c.reason for c in conditions}
