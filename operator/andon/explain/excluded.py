"""What was it not, and how is that known? Only what a check of the chain looked at is said, with what it saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from andon.api.decision import CheckSeen, Outcome
from andon.api.evidence import TAG_FAULTS
from andon.explain import words
from andon.explain.case import Case


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A cause that it was not, and how that is known."""

    cause: str
    why: str


_PASSED: Final = {
    "regime unsettled": "A changeover, or a recipe never seen",
    "data suspect": "The data",
    "concept drift": "Readings that mean something else now",
    "plant moved": "Another working point of the plant",
}
"""Causes that are found by a check, and ruled out where it passed."""

_BLIND: Final = "No labels join the rows"
"""How a check begins that had nothing to look at."""

_SAME_ROWS: Final = (
    ("The data", "Both versions were given the very same rows. A wrong reading is in both, so it cannot favour one of them."),
    ("The plant", "A disturbance of the plant is in the rows of both; only the difference of the two was judged."),
)
_ANSWERED: Final = {
    "worse with labels": _SAME_ROWS,
    "worse without labels": _SAME_ROWS,
    "concept drift": (
        ("Another working point of the plant", "The readings lie as they did in the reference; only the errors do not."),
    ),
    "plant moved": (("The data", "Faults of single tags are looked for first, and taken out before this is asked."),),
}
"""What the comparison that gave the verdict rules out by the way it is made."""

_WITH_THE_OTHERS: Final = (
    "If the plant had moved, other tags would have moved with it. They agree with each other, and not with it."
)
_OF_TAG: Final = {
    "stuck": "A sound sensor always trembles a little, even on a plant at rest. This one repeats the same number.",
    "missing": "Whatever the plant does, a sound sensor sends a reading.",
    "bad-status": "Whatever the plant does, a sound sensor sends a reading that its own device stands by.",
    "out-of-range": (
        "The limit is what the reference has seen, with room to spare on either side. A plant may run beyond that one day, and "
        "would then take other tags along."
    ),
    "biased": _WITH_THE_OTHERS,
    "noisy": _WITH_THE_OTHERS,
}
"""Why a fault of a tag is not the plant's doing, by the question that found it."""


def excluded(case: Case) -> tuple[RuledOut, ...]:
    """In the order of the checks, each cause once; none where no check is known."""
    told: dict[str, str] = {}
    for cause, why in (found for check in case.checks for found in _by(check, case)):
        told[cause] = f"{told[cause]} {why}" if cause in told else why
    return tuple(RuledOut(cause, why) for cause, why in told.items())


def _by(check: CheckSeen, case: Case) -> Iterator[tuple[str, str]]:
    tag, _, question = check.name.partition(" ")
    if check.outcome is Outcome.PASSED:
        if check.name in _PASSED and case.verdict not in {"NoEvidence", "Unknown"}:
            beside = f"{words.listed(case.faulty)} was known to be at fault. Beside that: " if _is_of_data(check, case) else ""
            blind = "This could not be ruled out. " if check.saw.startswith(_BLIND) else ""
            yield _PASSED[check.name], f"{beside}{blind}{words.plain(check.saw)}"
        return
    if question in TAG_FAULTS and tag in case.subjects:
        yield "The plant", _OF_TAG[question]
        yield from _beside_the_others(case, tag)
        yield "The model", "No model was asked. This is seen in the readings alone."
    by_comparison = _ANSWERED.get(check.name, ())
    yield from by_comparison
    if by_comparison is _SAME_ROWS:
        yield "Chance", _not_chance(case)


def _beside_the_others(case: Case, tag: str) -> Iterator[tuple[str, str]]:
    """How far a tag that is out of range is off from what the others say, where that was asked."""
    asked = next((c for c in case.checks if c.name == f"{tag} biased" and c.outcome is Outcome.PASSED), None)
    if asked is not None and case.fault == "OutOfRange":
        yield "The plant", f"Beside what they say of it, it was off by {words.saw(asked.name, asked.saw)}."


def _is_of_data(check: CheckSeen, case: Case) -> bool:
    return check.name == "data suspect" and bool(case.faulty)


def _not_chance(case: Case) -> str:
    rare = f"fewer than {words.one_in(case.certainty)}" if case.certainty else "few"
    return (
        f"Of versions just within the limit {rare} would ever be convicted like this; of those as good as the old one hardly any."
    )
