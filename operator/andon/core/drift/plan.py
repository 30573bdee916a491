"""From facts to the status a DriftPolicy should have: nothing else is ever written by it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, ConditionStatus, claim, following, not_ready, ready, stalled, summarise
from andon.api.decision import Decision, Verdict
from andon.api.policy import DriftPolicyStatus, TagFault
from andon.core.chain import first_answer
from andon.core.drift.decisions import published
from andon.core.drift.facts import Facts, absence
from andon.core.drift.faults import Track, data_track
from andon.core.drift.verdict import MODEL, Answer

WATCHING: Final = "Watching"
"""The reason while there is evidence to judge by."""


def decide(facts: Facts, now: datetime) -> DriftPolicyStatus:
    """Pure. What cannot be seen for less than three intervals changes nothing."""
    said = _out_of_office(facts)
    if said is not None:
        return _unchanged(facts, said, now)
    if absence(facts, now) is not None:
        return _blind(facts, now)
    answer, track = first_answer(MODEL, facts, now), data_track(facts, now)
    if track.silent:
        return _unchanged(facts, [_silence()], now)
    decisions = published(facts, answer, track.findings, now)
    return _status(facts, _claims(track), now, answer=answer, faults=[f.fault for f in track.findings], decisions=decisions)


def _out_of_office(facts: Facts) -> list[Claim] | None:
    """This policy does not watch at all."""
    if facts.spec.suspend:
        return [claim("Ready", ConditionStatus.TRUE, "Suspended", "spec.suspend is true: nothing is decided until it is false.")]
    target = facts.spec.target_ref.name
    if facts.rival is not None:
        message = f"DriftPolicy {facts.rival} already watches {target} and is older: delete one of the two."
        return [following(not_ready("TargetTaken", message)), following(stalled("TargetTaken", message))]
    if facts.target is None:
        return [
            not_ready(
                "TargetNotFound",
                f"There is no ModelDeployment {target} in this namespace: commit it, or correct spec.targetRef.name.",
            )
        ]
    return None


def _blind(facts: Facts, now: datetime) -> DriftPolicyStatus:
    """Decisions and faults stay as they are; after three intervals the status says that nobody is looking."""
    patient = facts.blind_since is None or (now - facts.blind_since).total_seconds() < facts.limit
    if patient and facts.status.conditions:
        return facts.status
    answer = first_answer(MODEL, facts, now)
    unknown = claim("Ready", ConditionStatus.UNKNOWN, answer.reason, answer.because)
    return _status(facts, [unknown], now, answer=answer, faults=facts.status.data_faults, decisions=facts.status.decisions)


def _silence() -> Claim:
    """Nothing is judged by rows that are not there, and no tag has recovered because nothing is heard of it."""
    message = "Most tags are missing together: look at the DataSource, not at a sensor."
    return claim("Ready", ConditionStatus.UNKNOWN, "SourceSilent", message)


def _claims(track: Track) -> list[Claim]:
    claims = [ready(WATCHING, "Evidence is read and judged.")]
    if track.findings:
        tags = ", ".join(f"{f.fault.tag} ({f.fault.fault})" for f in track.findings)
        message = f"Not to be believed: {tags}. Look at the sensors; the model is not judged by these rows."
        claims.append(following(claim("DataFault", True, track.findings[0].fault.fault, message)))
    return claims


def _unchanged(facts: Facts, claims: list[Claim], now: datetime) -> DriftPolicyStatus:
    before = facts.status
    return _status(facts, claims, now, answer=None, faults=before.data_faults, decisions=before.decisions)


def _status(
    facts: Facts,
    claims: list[Claim],
    now: datetime,
    *,
    answer: Answer | None,
    faults: Sequence[TagFault],
    decisions: Sequence[Decision],
) -> DriftPolicyStatus:
    return DriftPolicyStatus(
        observed_generation=facts.generation,
        conditions=summarise(claims, facts.status.conditions, facts.generation, now),
        verdict=answer.verdict if answer else Verdict.UNKNOWN,
        judged=answer.judged if answer else None,
        data_faults=list(faults),
        decisions=list(decisions),
    )
