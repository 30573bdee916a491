"""Which of data, model and plant was it, what happened, and how are the others ruled out? One story per verdict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from andon.explain import words
from andon.explain.case import Case


@dataclass(frozen=True, slots=True)
class Story:
    """answer: the first line. headline: what happened, in one sentence. ruled_out: each other cause with the reason."""

    answer: str
    headline: str
    ruled_out: tuple[tuple[str, str], ...] = ()


def story(case: Case) -> Story:
    """How this verdict is told."""
    return STORIES.get(case.verdict, _other)(case)


def _model_regression(case: Case) -> Story:
    new, old = words.version(case.found_at_fault, "the new version"), words.version(case.instead, "the version before it")
    alike = f"{new[0].upper()}{new[1:]} and {old} were given the very same rows"
    return Story(
        "It is the model.",
        f"On the very same rows {new} errs more than {old}.",
        (
            ("The data", f"{alike}. A wrong reading hurts both alike, so it cannot make one worse than the other."),
            (
                "The plant",
                "A disturbance of the plant makes both err more, and in the same rows; only their difference was judged.",
            ),
            ("Chance", _not_chance(case)),
        ),
    )


def _concept_drift(case: Case) -> Story:
    return Story(
        "It is the plant: it answers differently than it used to.",
        "The readings look as they always did, but what the laboratory finds no longer agrees with the model's answers.",
        (
            ("The data", "Every reading agrees with what the other tags say of it, and no device reports a fault."),
            ("A bad release", "It is the same version that was right before; what changed is what the same readings lead to."),
            ("Another working point", "The plant runs where it ran when the model was built."),
        ),
    )


def _harmful_shift(case: Case) -> Story:
    led = f" It shows most in {words.listed(case.subjects)}." if case.subjects else ""
    measured = case.evidence is not None and case.evidence.question == "error"
    harm = "the lab results say that its answers suffer" if measured else "nobody can say yet how good its answers are there"
    return Story(
        "It is the plant: it runs where the model has not been.",
        f"The tags move together to where the model has little or no experience, and {harm}.{led}",
        (
            ("The data", "The tags moved together, and each still agrees with the others. One broken sensor would stand alone."),
            ("A bad release", "It is the same version that was right before the plant moved."),
            ("A harmless change", _not_harmless(measured)),
        ),
    )


def _not_harmless(measured: bool) -> str:
    if measured:
        return "By the lab results of these rows the model errs more than usual."
    return "The rows are of a sort that the model has never seen; no lab results say yet that it copes."


def _benign_shift(case: Case) -> Story:
    led = f" It shows most in {words.listed(case.subjects)}." if case.subjects else ""
    return Story(
        "It is the plant, and no harm is seen so far.",
        f"The tags move together to another working point, and nothing says that the model's answers suffer.{led}",
        (
            ("The data", "The tags moved together, and each still agrees with the others. One broken sensor would stand alone."),
            ("The model", "Nothing speaks against its answers, as far as can be seen."),
        ),
    )


def _data_fault(case: Case) -> Story:
    tags = words.listed(case.subjects) or "A tag"
    each = ": each" if len(case.subjects) > 1 else ""
    return Story(
        "It is the data.",
        f"{tags}{each} {words.fault(case.fault)}.",
        (("The plant", _not_the_plant(case.fault)), ("The model", "No model was asked. This is seen in the readings alone.")),
    )


def _not_the_plant(fault: str | None) -> str:
    if fault in {"Biased", "Noisy"}:
        return (
            "If the plant had moved, the other tags would have moved with it. They agree with each other, and not with this one."
        )
    if fault == "Stuck":
        return "A sound sensor always trembles a little, even on a plant at rest. This one repeats the same number."
    if fault == "OutOfRange":
        return "No state of the plant can produce such a value."
    return "Whatever the plant does, a sound sensor sends a reading that its device stands by."


def _healthy(case: Case) -> Story:
    return Story("Nothing is wrong.", "Enough rows were seen, and nothing speaks against the model.")


def _no_evidence(case: Case) -> Story:
    because = "Too few rows that count, a changeover, or a recipe that the model has never seen: nothing is decided on that."
    return Story("It is not known yet.", because)


def _unknown(case: Case) -> Story:
    blind = "No cause could be ruled out. That is not the same as “nothing is wrong”."
    wanted = " The policy asks to go back all the same, because it cannot see." if case.action == "Rollback" else ""
    return Story(
        "It is not known.",
        f"What is needed to judge the model is missing or too old, or it points no one way.{wanted}",
        (("Nothing", blind),),
    )


def _other(case: Case) -> Story:
    return Story(f"The verdict is {words.spoken(case.verdict)}.", case.summary)


def _not_chance(case: Case) -> str:
    rare = f"fewer than {words.one_in(case.certainty)}" if case.certainty else "few"
    return (
        f"Of versions just within the limit {rare} would ever be convicted like this; of those as good as the old one hardly any."
    )


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
