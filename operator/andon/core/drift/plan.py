"""From facts to the status a DriftPolicy should have: nothing else is ever written by it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, ConditionStatus, claim, following, not_ready, ready, stalled, summarise
from andon.api.decision import Verdict
from andon.api.policy import DriftPolicyStatus, HeldAction, TagFault
from andon.core.chain import Told, told
from andon.core.drift.answer import CERTAIN, Answer
from andon.core.drift.asking import cases, unseen
from andon.core.drift.candidate import CANDIDATE
from andon.core.drift.decisions import Published, published, reviewed
from andon.core.drift.facts import Facts, absence
from andon.core.drift.faults import Track, data_track
from andon.core.drift.promoted import beside_its_reference
from andon.core.drift.signals import states
from andon.core.drift.stable import STABLE

WATCHING: Final = "Watching"
"""The reason while there is evidence to judge by."""

_SOURCE: Final = {
    "SourceSilent": "Most tags are missing together: look at the DataSource, not at a sensor.",
    "SourceFrozen": "Most tags stand still together: look at the DataSource or at what it reads from, not at a sensor.",
    "SourceBad": "Most tags are of bad status together: look at the DataSource or at what it reads from, not at a sensor.",
}
_NOT_LOOKED: Final = Answer(Verdict.UNKNOWN, "NotLooked", "Nothing is judged now.")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of the candidate (None: there is none), of what serves, and of the data, each for itself."""

    candidate: Told[Answer] | None
    stable: Told[Answer]
    data: Track

    @property
    def shown(self) -> Told[Answer]:
        """What `status.verdict` says: the candidate's verdict while one is judged."""
        return self.candidate or self.stable


def decide(facts: Facts, now: datetime) -> DriftPolicyStatus:
    """Pure. What cannot be seen for less than three intervals changes nothing."""
    said = _out_of_office(facts)
    if said is not None:
        return _unjudged(facts, said, now)
    missing = absence(facts, now)
    if missing is not None and _is_patient(facts, now) and facts.status.conditions:
        return facts.status
    judgement = judge(facts, now)
    if missing is not None:
        return _blind(facts, judgement, now)
    if judgement.data.source is not None:
        message = _SOURCE[judgement.data.source]
        return _unjudged(facts, [claim("Ready", ConditionStatus.UNKNOWN, judgement.data.source, message)], now)
    return _seeing(facts, judgement, now)


def judge(facts: Facts, now: datetime) -> Judgement:
    """Both tracks: the data's first, since what it finds is known to the model's chains."""
    data = data_track(facts, now)
    known = replace(facts, faulty=data.tags)
    candidate = told(CANDIDATE, known, now) if facts.candidate is not None else None
    return Judgement(candidate, beside_its_reference(known, now) or told(STABLE, known, now), data)


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


def _is_patient(facts: Facts, now: datetime) -> bool:
    return facts.blind_since is None or (now - facts.blind_since).total_seconds() < facts.limit


def _blind(facts: Facts, judgement: Judgement, now: datetime) -> DriftPolicyStatus:
    """Decisions and faults stay as they are; the status says that nobody is looking, and what the policy wants then."""
    answer = judgement.shown.answer
    claims = [claim("Ready", ConditionStatus.UNKNOWN, answer.reason, answer.because), *_verdicts(judgement)]
    asked = () if _is_patient(facts, now) else unseen(facts, judgement.stable, now)
    result = published(facts, facts.status.decisions, asked, now)
    return _status(facts, claims, now, judgement=judgement, faults=facts.status.data_faults, result=result)


def _seeing(facts: Facts, judgement: Judgement, now: datetime) -> DriftPolicyStatus:
    """Evidence is there: close what is settled, ask for what follows, as far as the guard rails let it."""
    known = replace(facts, faulty=judgement.data.tags)
    found = judgement.data.findings
    answers = [t.answer for t in (judgement.candidate, judgement.stable) if t is not None]
    standing = reviewed(known, answers, found, now)
    asked = [*cases(known, judgement.candidate, judgement.stable, found), *unseen(known, judgement.stable, now)]
    result = published(known, standing, asked, now)
    claims = [ready(WATCHING, "Evidence is read and judged."), *_verdicts(judgement), *_data_fault(judgement.data)]
    return _status(facts, claims, now, judgement=judgement, faults=[f.fault for f in found], result=result)


def _verdicts(judgement: Judgement) -> Iterable[Claim]:
    """A condition for each end of the model's track, with the reason in words."""
    if judgement.candidate is not None:
        yield _health("CandidateHealthy", judgement.candidate.answer)
    yield _health("StableHealthy", judgement.stable.answer)


def _health(type_: str, answer: Answer) -> Claim:
    unknown = answer.verdict not in CERTAIN
    status = ConditionStatus.UNKNOWN if unknown else answer.verdict is Verdict.HEALTHY
    return claim(type_, status, answer.reason, answer.because)


def _data_fault(track: Track) -> Iterable[Claim]:
    if track.findings:
        tags = ", ".join(f"{f.fault.tag} ({f.fault.fault})" for f in track.findings)
        message = f"Not to be believed: {tags}. Look at the sensors; the model is not judged by these rows."
        yield following(claim("DataFault", True, track.findings[0].fault.fault, message))


def _held(held: Sequence[HeldAction]) -> Iterable[Claim]:
    if held:
        yield following(claim("ActionHeld", True, held[0].reason, f"{held[0].action} for {held[0].verdict}: {held[0].message}"))


def _unjudged(facts: Facts, claims: list[Claim], now: datetime) -> DriftPolicyStatus:
    """Nothing is judged by rows that are not there or not looked at, and nothing has recovered because nothing is heard of it."""
    before = facts.status
    result = Published(before.decisions)
    return _status(facts, claims, now, judgement=None, faults=before.data_faults, result=result)


def _status(
    facts: Facts,
    claims: Iterable[Claim],
    now: datetime,
    *,
    judgement: Judgement | None,
    faults: Sequence[TagFault],
    result: Published,
) -> DriftPolicyStatus:
    shown = judgement.shown.answer if judgement else _NOT_LOOKED
    stable = judgement.stable.answer if judgement else _NOT_LOOKED
    return DriftPolicyStatus(
        observed_generation=facts.generation,
        conditions=summarise([*claims, *_held(result.held)], facts.status.conditions, facts.generation, now),
        verdict=shown.verdict,
        judged=shown.judged,
        stable_verdict=stable.verdict,
        stable_judged=stable.judged,
        data_faults=list(faults),
        signals=list(states(facts, now)),
        held=list(result.held),
        decisions=list(result.decisions),
    )
