"""What would have been done, and what would that have meant? For a replay, in which nobody acts and there is nothing to type."""

from collections.abc import Callable, Mapping
from typing import Final

from andon.explain import words
from andon.explain.case import Case
from andon.explain.steps import Step

_NOTHING: Final = "Nothing would have been done: this policy asks for nothing then."
_SAYS_ONLY: Final = {
    "Alert": "Those on duty would have been told. Nothing changes by that.",
    "Propose": "It would have been put before a person. Nothing changes by that.",
}


def done(case: Case) -> str:
    """What would have become of the action, in one or two sentences."""
    if case.action is None:
        return _NOTHING if not case.guards else "What this asks for had been asked for before, and nobody had answered yet."
    wish = _WISHES.get(case.action, _other)(case)
    if case.refused:
        return f"This policy would have asked {wish}, and been held back: {words.refusal(case.refused)}."
    if case.action in _SAYS_ONLY:
        return _SAYS_ONLY[case.action]
    if case.taken:
        return f"This policy would have seen to it by itself, without anybody's word: {_OUTCOMES.get(case.action, _other)(case)}."
    return f"This policy would have asked {wish}, and waited for a person to approve. Until then everything stays as it is."


def steps(case: Case) -> tuple[Step, ...]:
    """What it would have meant for those who run the plant."""
    return tuple(Step(who, what) for who, what in _MEANS.get(case.verdict, _nothing)(case))


def _back(case: Case) -> str:
    return f"to go back to {words.version(case.instead, 'the version before')}"


def _training(case: Case) -> str:
    del case
    return "for a new version, trained on rows that include those of that time"


def _keeping(case: Case) -> str:
    return f"to keep {_tags(case)} out of training and out of the judgement of models"


def _other(case: Case) -> str:
    return f"for {words.spoken(case.action).lower()}"


_WISHES: Final[Mapping[str, Callable[[Case], str]]] = {
    "Rollback": _back,
    "Retrain": _training,
    "Quarantine": _keeping,
    "Propose": lambda _: "to put it before a person",
    "Alert": lambda _: "to tell those on duty",
}
_OUTCOMES: Final[Mapping[str, Callable[[Case], str]]] = {
    "Rollback": lambda case: f"{words.version(case.instead, 'the version before')} alone answers from then on",
    "Retrain": lambda _: "a new version is trained, and has to prove itself beside the old one before it answers anybody",
    "Quarantine": lambda case: (
        f"{_tags(case)} is kept out of training and out of the judgement of models until it reads right again; answers go on"
    ),
}


def _tags(case: Case) -> str:
    return words.listed(case.subjects) or "the tag"


Means = tuple[tuple[str, str], ...]


def _of_regression(case: Case) -> Means:
    bad = words.version(case.found_at_fault, "the new version")
    if case.taken:
        return (
            ("The model's owner", f"{bad.capitalize()} would not have been served again by itself: another would be needed."),
        )
    return (("The model's owner", f"{bad.capitalize()} would have stayed a candidate: nothing would have taken it back."),)


def _of_concept_drift(case: Case) -> Means:
    del case
    return (
        (
            "A process engineer",
            "Was there a change at that time that no tag shows: feedstock, catalyst, a worn part, the laboratory?",
        ),
        ("The model's owner", "From then on its answers were off. Only lab results could tell; none of the readings did."),
    )


def _of_shift(case: Case) -> Means:
    return (
        (
            "A process engineer",
            "It had been announced, so that nothing was to be done about it."
            if case.refused == "ExpectedShift"
            else "Was this change meant? Had it been announced in the policy (expectedShift), it would only be noted.",
        ),
        ("The model's owner", "If the plant is to run like that again, the next version should be trained with such rows."),
    )


def _of_data_fault(case: Case) -> Means:
    return (
        ("Instrumentation", f"Was something done at {_tags(case)} at that time: sensor, cable, transmitter, scaling?"),
        ("The model's owner", "Rows of that time should not be trained on as they are."),
    )


def _nothing(case: Case) -> Means:
    del case
    return ()


_MEANS: Final[Mapping[str, Callable[[Case], Means]]] = {
    "ModelRegression": _of_regression,
    "ConceptDrift": _of_concept_drift,
    "HarmfulShift": _of_shift,
    "BenignShift": _of_shift,
    "DataFault": _of_data_fault,
}
