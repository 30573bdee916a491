"""What have people asked for by annotations that means nothing, or nothing any more? What means something is in the chain."""

import re
from collections.abc import Iterator
from typing import Final

from andon.api.conditions import Claim, claim, following
from andon.api.missing import Missing
from andon.api.types import Revision
from andon.core.approval import spoken
from andon.core.deployment.facts import Facts
from andon.core.deployment.steps import approvals_of

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")


def ignored(facts: Facts) -> list[Claim]:
    """One condition that names each annotation that is left behind or not understood, while there is any; what never meant
    anything first."""
    words = [*_of_pin(facts), *_of_promote(facts), *_of_abort(facts), *_of_approve(facts), *_of_reject(facts)]
    said = sorted(words, key=lambda word: word[0] in {"LeftBehind", "Spent"})
    return [following(claim("AnnotationIgnored", True, said[0][0], " ".join(why for _, why in said)))] if said else []


def is_version(word: str) -> bool:
    """Whether an annotation's value is the number of a version."""
    return _VERSION.fullmatch(word) is not None


def by_whom(facts: Facts, version: str, digest: str) -> str | None:
    """The person's word by which this revision serves, where there was one."""
    if facts.people.pin == version:
        return "andon.dev/pin"
    if promotes(facts, version):
        return "andon.dev/promote"
    said = facts.status.candidate
    words = approvals_of(facts) if said is not None and said.digest == digest else []
    return next((facts.step_approvals[word] for word in words if word in facts.step_approvals), None)


def promotes(facts: Facts, version: str) -> bool:
    """Whether a person's word makes this version serve now; once it does, the word is spent."""
    return facts.people.promote == version and facts.status.last_handled_promote != version


def spent_promotion(facts: Facts, effective: Revision | None) -> str | None:
    """The word andon.dev/promote, from when its version answers until it is taken off or changed."""
    word, served = facts.people.promote, effective.version if effective is not None else ""
    return word if word and word in {served, facts.status.last_handled_promote} else None


def _of_pin(facts: Facts) -> Iterator[tuple[str, str]]:
    pin = facts.people.pin
    if pin and not is_version(pin):
        yield _not_understood("pin", pin, "the number of a version")
    elif isinstance(facts.pinned, Missing) and facts.pinned.reason == "NotFound":
        yield "VersionUnknown", f"andon.dev/pin: {facts.pinned.detail}"


def _of_promote(facts: Facts) -> Iterator[tuple[str, str]]:
    promote = facts.people.promote
    if promote and not is_version(promote):
        yield _not_understood("promote", promote, "the number of a version")
    elif promote and promote == facts.status.last_handled_promote:
        yield "Spent", f"andon.dev/promote: version {promote} has served since. Take it off, and say it anew when it is to count."
    elif promote and promote != facts.named:
        yield _left_behind("promote", promote, facts)


def _of_abort(facts: Facts) -> Iterator[tuple[str, str]]:
    abort = facts.people.abort
    if abort and not is_version(abort):
        yield _not_understood("abort", abort, "the number of a version")
    elif abort and abort != facts.named:
        yield _left_behind("abort", abort, facts)
    elif abort and facts.stable is not None and facts.stable.version == abort:
        yield "LeftBehind", f"andon.dev/abort: version {abort} serves already; to serve another one, use andon.dev/pin."


def _of_approve(facts: Facts) -> Iterator[tuple[str, str]]:
    approve = facts.people.approve
    if approve and not spoken(approve):
        yield _not_understood("approve", approve, "DECISION/USERNAME or STEP/USERNAME, as AwaitingApproval has it")
    elif approve and approve.partition("/")[0] not in _approvable(facts):
        yield "LeftBehind", f"andon.dev/approve: {approve.partition('/')[0]} waits for nobody here."


def _of_reject(facts: Facts) -> Iterator[tuple[str, str]]:
    reject = facts.people.reject
    if reject and not (spoken(reject) and reject.startswith("d-")):
        yield _not_understood("reject", reject, "DECISION/USERNAME; a step is not rejected, its version is aborted")
    elif reject and reject.partition("/")[0] not in _rejectable(facts):
        yield "LeftBehind", f"andon.dev/reject: {reject.partition('/')[0]} is not asked here, or acted on already."


def _approvable(facts: Facts) -> set[str]:
    """Decisions and steps that are, or were, asked about."""
    decisions = {d.id for d in facts.status.decisions} | {d.id for d in (facts.policy.decisions if facts.policy else ())}
    return decisions.union(approvals_of(facts))


def _rejectable(facts: Facts) -> set[str]:
    """Decisions that nobody has acted on, and what was rejected before."""
    asked = {d.id for d in (facts.policy.decisions if facts.policy else ())} - {d.id for d in facts.status.decisions}
    return asked | {r.decision for r in facts.status.rejected}


def _not_understood(word: str, value: str, wanted: str) -> tuple[str, str]:
    return "NotUnderstood", f"andon.dev/{word}: {value[:64]!r} is not {wanted}."


def _left_behind(word: str, value: str, facts: Facts) -> tuple[str, str]:
    return "LeftBehind", f"andon.dev/{word}: version {value} is not what {facts.where_named} names ({facts.named})."
