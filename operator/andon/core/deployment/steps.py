"""In which step of its rollout is a version, and what keeps it there?"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from andon.api.decision import Verdict
from andon.api.deployment import Candidate, ModelDeploymentSpec, Step
from andon.api.slots import SlotModel
from andon.api.types import delta, number, seconds
from andon.core.approval import step_id
from andon.core.deployment.facts import Facts

PROMOTING: Final = "Promoting"
"""The step after the last: nothing is waited for any more."""

_USUAL_ROWS: Final = 300
_FEWEST_ROWS: Final = 20
"""One block of evidence, and of what is dealt to stable or candidate."""
_LONGEST_WAIT: Final = 7 * 86400.0
"""Seconds in which the rows of a step should have come: a slow clock asks for fewer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version stands. index: of spec.rollout.steps. since: when this step began, and begun: the first one.

    from_rows: what it had been judged on when this step began.
    """

    index: int
    since: datetime
    from_rows: int
    begun: datetime


def place(facts: Facts, version: SlotModel, now: datetime) -> Place:
    """From status; a version that is new there begins, and so does a step that was edited into another one.

    Fewer rows than at the step's beginning: the server counts anew.
    """
    said, rows = facts.status.candidate, facts.paired_rows or 0
    if said is None or said.digest != version.digest:
        return Place(0, now, rows, now)
    begun = said.begun or said.since or now
    index = _index(facts, said)
    if index is None:
        return Place(min(said.index, len(_steps(facts)) - 1), now, max(rows, said.from_rows), begun)
    counts_anew = 0 < rows < said.from_rows
    return Place(index, said.since or now, 0 if counts_anew else said.from_rows, begun)


def following(facts: Facts, at: Place, now: datetime) -> Place | None:
    """The next step, which begins now; None after the last."""
    return Place(at.index + 1, now, facts.paired_rows or 0, at.begun) if at.index + 1 < len(_steps(facts)) else None


def held(facts: Facts, version: SlotModel, at: Place, now: datetime) -> str | None:
    """What keeps the version in its step, in plain words; None: the step is over."""
    stand = _Stand(facts, version, at, now)
    return next((why for hold in _HOLDS if (why := hold(stand)) is not None), None)


def step_at(facts: Facts, at: Place) -> Step:
    """The step itself."""
    return _steps(facts)[at.index]


def title(step: Step) -> str:
    """As status and messages call it."""
    if step.weight is not None:
        return f"Weight {step.weight}%"
    return "Shadow" if step.shadow else "Pause" if step.pause else "Approval"


def weight(facts: Facts, at: Place) -> int:
    """Percent that the version answers: a pause or an approval keeps the share of the step before. None before it is loaded."""
    shares = [step.weight or 0 for step in _steps(facts)[: at.index + 1] if step.weight is not None or step.shadow]
    return shares[-1] if shares and facts.candidate_loaded else 0


def min_rows(spec: ModelDeploymentSpec, step: Step) -> int:
    """Rows that both revisions must have scored in this step: by default 300, or what seven days bring, never below 20.

    With a weight, never below what must pass until the candidate has certainly answered a block of them.
    """
    asked = _asked(step)
    weekly = _LONGEST_WAIT / seconds(spec.inputs.every) if spec.inputs else _USUAL_ROWS
    blocks = math.ceil(100 / step.weight) if step.weight is not None else 1
    return max(_FEWEST_ROWS * blocks, min(_USUAL_ROWS, int(weekly)) if asked is None else asked)


def described(facts: Facts, version: SlotModel, at: Place, now: datetime) -> Candidate:
    """As status has it. An approval is kept from when it is first seen: what else holds the step may last longer than it."""
    step = step_at(facts, at)
    words = [approval_of(facts, version.digest, index, at.begun) for index in range(len(_steps(facts)))]
    return Candidate(
        version=version.version,
        digest=version.digest,
        step=title(step),
        index=at.index,
        since=at.since,
        begun=at.begun,
        from_rows=at.from_rows,
        approvals={word: facts.step_approvals[word] for word in words if word in facts.step_approvals} or None,
        progress=_progress(facts, step, at, now),
    )


def unapproved_step(facts: Facts, version: SlotModel, at: Place) -> str | None:
    """The word by which a person ends this step, if that is what it waits for."""
    if step_at(facts, at).approval is None:
        return None
    word = approval_of(facts, version.digest, at.index, at.begun)
    return None if word in facts.step_approvals else word


def approval_of(facts: Facts, digest: str, index: int, begun: datetime) -> str:
    """Names a step of a rollout; no other step, version or later rollout has the same."""
    return step_id(facts.namespace, facts.name, digest, index, begun)


def approvals_of(facts: Facts) -> list[str]:
    """The words for the steps of the rollout that is under way, or has just ended."""
    said = facts.status.candidate
    begun = said.begun or said.since if said is not None else None
    if said is None or begun is None:
        return []
    return [approval_of(facts, said.digest, index, begun) for index in range(len(_steps(facts)))]


@dataclass(frozen=True, slots=True)
class _Stand:
    """A version at its place, now: what each hold looks at."""

    facts: Facts
    version: SlotModel
    at: Place
    now: datetime

    @property
    def step(self) -> Step:
        return step_at(self.facts, self.at)


def _loading(stand: _Stand) -> str | None:
    return None if stand.facts.candidate_loaded else f"Every server loads version {stand.version.version} first."


def _data_in_doubt(stand: _Stand) -> str | None:
    tags = stand.facts.policy.faulty_tags if stand.facts.policy else ()
    return f"It waits: {', '.join(tags)} cannot be believed now." if tags else None


def _spoken_against(stand: _Stand) -> str | None:
    policy = stand.facts.policy
    if policy is None or not policy.is_about(stand.version) or policy.verdict is not Verdict.MODEL_REGRESSION:
        return None
    return (
        f"DriftPolicy {policy.name} says ModelRegression of it: `kubectl describe driftpolicy {policy.name}` says what is held."
    )


def _too_early(stand: _Stand) -> str | None:
    if stand.step.pause is None:
        return None
    until = stand.at.since + delta(stand.step.pause.duration)
    return f"It pauses until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC." if stand.now < until else None


def _unapproved(stand: _Stand) -> str | None:
    waits = unapproved_step(stand.facts, stand.version, stand.at) is not None
    return "A person must approve this step: AwaitingApproval says how." if waits else None


def _too_few_rows(stand: _Stand) -> str | None:
    spec = stand.facts.spec
    if not _counts(stand.step) or (spec.inputs is None and stand.facts.policy is None and _nothing_asked(stand.step)):
        return None
    least = _least(stand.facts, stand.step)
    if (_rows(stand.facts, stand.at) or 0) >= least:
        return None
    if spec.inputs is None:
        return _too_few_requests(stand, least) if stand.step.weight is not None else _no_rows(stand)
    return f"It is judged on at least {least} rows of this step; they are coming in."


def _least(facts: Facts, step: Step) -> int:
    """With neither rows nor policy they are requests, and all of them its own."""
    if facts.spec.inputs is None and facts.policy is None:
        return _asked(step) or _USUAL_ROWS
    return min_rows(facts.spec, step)


def _nothing_asked(step: Step) -> bool:
    """A shadow step without rows to score; one with a weight has requests."""
    return step.weight is None and _asked(step) is None


def _too_few_requests(stand: _Stand, least: int) -> str:
    promote = f"andon.dev/promote={stand.version.version} does not wait for them."
    if stand.facts.asked is None:
        return f"Its requests cannot be counted: Prometheus knows of none of its servers (are they scraped?). {promote}"
    return f"It is judged on at least {least} requests of its own in this step; they are coming in. {promote}"


def _falls_back(stand: _Stand) -> str | None:
    """Without a policy, the stable's having to answer for it is all there is to go by."""
    facts, asked = stand.facts, stand.facts.asked
    budget, what = facts.spec.rollout.error_budget, "rows" if facts.spec.inputs else "requests"
    if asked is None or asked.failed <= number(budget) * asked.scored:
        return None
    return (
        f"It has no finite answer to {100 * asked.failed / asked.scored:.0f} of 100 {what}, more than spec.rollout.errorBudget "
        f"({budget}) allows; the stable answers instead: commit another version, or take it all the same by "
        f"andon.dev/promote={stand.version.version}."
    )


def _no_rows(stand: _Stand) -> str:
    """For a policy to judge it by."""
    return f"No rows will come, since there is no spec.inputs: annotate andon.dev/promote={stand.version.version} to go on."


def _not_healthy(stand: _Stand) -> str | None:
    policy = stand.facts.policy
    if policy is None or stand.step.approval is not None:
        return None
    if stand.facts.spec.inputs is None and policy.verdict is not Verdict.HEALTHY:
        return _no_rows(stand)
    if not policy.is_about(stand.version) or policy.verdict is None:
        return f"DriftPolicy {policy.name} has not judged it yet."
    return None if policy.verdict is Verdict.HEALTHY else f"DriftPolicy {policy.name} says {policy.verdict} of it, not Healthy."


def _uncounted(stand: _Stand) -> str | None:
    """The next step counts from here, and nobody can say where that is."""
    facts, after = stand.facts, following(stand.facts, stand.at, stand.now)
    counts = after is not None and _counts(step_at(facts, after)) and facts.spec.inputs is not None
    unknown = facts.paired_rows is None
    return "Rows cannot be counted now: Prometheus has no evidence of this deployment." if counts and unknown else None


_HOLDS: Final[tuple[Callable[[_Stand], str | None], ...]] = (  # in the order in which they are said
    _loading,  # nobody is judged, or served by, what is not there
    _data_in_doubt,  # rows that lie prove nothing
    _spoken_against,  # its decision is not acted on, or not yet
    _falls_back,  # others answer for it
    _too_early,  # pause
    _unapproved,  # approval
    _too_few_rows,  # shadow, weight
    _not_healthy,  # NoEvidence and Unknown are not Healthy, however much time has passed; a person's word goes before
    _uncounted,
)


def _steps(facts: Facts) -> list[Step]:
    return facts.spec.rollout.steps


def _index(facts: Facts, said: Candidate) -> int | None:
    """Where the step that was begun is in the list now; None where it is there no longer."""
    if said.step == PROMOTING:
        return min(said.index, len(_steps(facts)) - 1)
    same = [index for index, step in enumerate(_steps(facts)) if title(step) == said.step]
    return min(same, key=lambda index: abs(index - said.index), default=None)


def _asked(step: Step) -> int | None:
    """Rows that the spec asks for by itself."""
    return step.shadow.min_rows if step.shadow else step.min_rows


def _counts(step: Step) -> bool:
    return step.shadow is not None or step.weight is not None


def _rows(facts: Facts, at: Place) -> int | None:
    """Of this step."""
    return None if facts.paired_rows is None else max(0, facts.paired_rows - at.from_rows)


def _progress(facts: Facts, step: Step, at: Place, now: datetime) -> str:
    if step.pause is not None:
        return _quarters((now - at.since) / delta(step.pause.duration))
    rows = _rows(facts, at)
    if rows is None:
        said = facts.status.candidate
        return said.progress if said is not None and said.index == at.index else "0/4"
    return _quarters(rows / _least(facts, step)) if _counts(step) else "0/4"


def _quarters(share: float) -> str:
    return f"{max(0, min(4, int(4 * share)))}/4"
