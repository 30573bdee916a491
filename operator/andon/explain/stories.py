"""Which of data, model and plant was it, and what happened? One story per verdict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from andon.api.decision import CheckSeen, Outcome
from andon.explain import words
from andon.explain.case import Case


@dataclass(frozen=True, slots=True)
class Story:
    """answer: the first line. headline: what happened, in one sentence."""

    answer: str
    headline: str


def story(case: Case) -> Story:
    """How this verdict is told."""
    return STORIES.get(case.verdict, _other)(case)


def _model_regression(case: Case) -> Story:
    new, old = words.version(case.found_at_fault, "the new version"), words.version(case.instead, "the version before it")
    signal = next((c for c in _answers(case) if c.name == "own signal"), None)
    if signal is not None:
        return Story("It is the model.", f"A signal of your own fires since {new} is judged: {words.plain(signal.saw)}")
    return Story("It is the model.", f"On the very same rows {new} errs more than {old}.")


def _concept_drift(case: Case) -> Story:
    del case
    return Story(
        "It is the plant: it answers differently than it used to.",
        "The readings look as they always did, but what the laboratory finds no longer agrees with the model's answers.",
    )


def _harmful_shift(case: Case) -> Story:
    measured = case.evidence is not None and case.evidence.question == "error"
    harm = "the lab results say that its answers suffer" if measured else "nobody can say yet how good its answers are there"
    return Story(
        "It is the plant: it runs where the model has not been.",
        f"The tags move together to where the model has little or no experience, and {harm}.{_led(case)}",
    )


def _benign_shift(case: Case) -> Story:
    return Story(
        "It is the plant, and no harm is seen so far.",
        f"The tags move together to another working point, and nothing says that the model's answers suffer.{_led(case)}",
    )


def _led(case: Case) -> str:
    return f" It shows most in {words.listed(case.subjects)}." if case.subjects else ""


def _data_fault(case: Case) -> Story:
    tags = words.listed(case.subjects) or "A tag"
    each = ": each" if len(case.subjects) > 1 else ""
    return Story("It is the data.", f"{tags}{each} {words.fault(case.fault)}.")


def _healthy(case: Case) -> Story:
    del case
    return Story("Nothing is wrong.", "Enough rows were seen, and nothing speaks against the model.")


def _no_evidence(case: Case) -> Story:
    del case
    because = "Too few rows that count, a changeover, or a recipe that the model has never seen: nothing is decided on that."
    return Story("It is not known yet.", because)


def _unknown(case: Case) -> Story:
    wanted = " The policy asks to go back all the same, because it cannot see." if case.action == "Rollback" else ""
    unlooked = next((c for c in _answers(case) if c.name == "not looked at"), None)
    if unlooked is not None:
        return Story("It is not known.", f"The model was not looked at. {words.plain(unlooked.saw)}")
    if any(c.name == "predictions moved" for c in _answers(case)):
        moved = "The model's answers have moved, and neither the readings nor lab results say why."
        return Story("It is not known.", f"{moved} That is not the same as “nothing is wrong”.{wanted}")
    missing = "What is needed to judge the model is missing or too old. That is not the same as “nothing is wrong”."
    return Story("It is not known.", missing + wanted)


def _other(case: Case) -> Story:
    return Story(f"The verdict is {words.spoken(case.verdict)}.", case.summary)


def _answers(case: Case) -> list[CheckSeen]:
    return [check for check in case.checks if check.outcome is Outcome.ANSWERED]


STORIES: Final[Mapping[str, Callable[[Case], Story]]] = {
    "ModelRegression": _model_regression,
    "ConceptDrift": _concept_drift,
    "HarmfulShift": _harmful_shift,
    "BenignShift": _benign_shift,
    "DataFault": _data_fault,
    "Healthy": _healthy,
    "NoEvidence": _no_evidence,
    "Unknown": _unknown,
}
