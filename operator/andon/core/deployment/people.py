"""What have people asked for by annotations that means nothing, or nothing any more? What means something is in the chain."""

import re
from collections.abc import Iterator
from typing import Final

from andon.api.conditions import Claim, claim, following
from andon.api.missing import Missing
from andon.core.deployment.facts import Facts
from andon.core.deployment.steps import approval_of

_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
_APPROVAL: Final = re.compile(r"[dr]-[0-9a-f]{10}/.+")


def ignored(facts: Facts) -> list[Claim]:
    """One condition that names each annotation that is left behind or not understood, while there is any."""
    said = [*_of_pin(facts), *_of_promote(facts), *_of_abort(facts), *_of_approve(facts)]
    return [following(claim("AnnotationIgnored", True, said[0][0], " ".join(why for _, why in said)))] if said else []


def is_version(word: str) -> bool:
    """Whether an annotation's value is the number of a version."""
    return _VERSION.fullmatch(word) is not None


def by_whom(facts: Facts, version: str, digest: str) -> str | None:
    """The person's word by which this revision serves, where there was one."""
    if facts.people.pin == version:
        return "andon.dev/pin"
    if facts.people.promote == version:
        return "andon.dev/promote"
    words = (approval_of(facts, digest, index) for index in range(len(facts.spec.rollout.steps)))
    return next((facts.approved[word] for word in words if word in facts.approved), None)


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
    if approve and not _APPROVAL.fullmatch(approve):
        yield _not_understood("approve", approve, "DECISION/USERNAME or STEP/USERNAME, as AwaitingApproval has it")
    elif approve and approve.partition("/")[0] not in _approvable(facts):
        yield "LeftBehind", f"andon.dev/approve: {approve.partition('/')[0]} waits for nobody here."


def _approvable(facts: Facts) -> set[str]:
    """Decisions and steps that are, or were, asked about."""
    decisions = {d.id for d in facts.status.decisions} | {d.id for d in (facts.policy.decisions if facts.policy else ())}
    slots = (facts.stable, facts.judged, None if isinstance(facts.wanted, Missing) else facts.wanted)
    digests = {slot.digest for slot in slots if slot is not None}
    return decisions | {approval_of(facts, d, index) for d in digests for index in range(len(facts.spec.rollout.steps))}


def _not_understood(word: str, value: str, wanted: str) -> tuple[str, str]:
    return "NotUnderstood", f"andon.dev/{word}: {value[:64]!r} is not {wanted}."


def _left_behind(word: str, value: str, facts: Facts) -> tuple[str, str]:
    return "LeftBehind", f"andon.dev/{word}: version {value} is not what git names ({facts.named})."
