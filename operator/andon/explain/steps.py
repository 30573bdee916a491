"""What was done about it, and who may do what next?"""

from dataclasses import dataclass
from typing import Final

from andon.explain import words
from andon.explain.case import Case

_SAYS_ONLY: Final = frozenset({"Propose", "Alert"})
"""Actions that change nothing, so that nobody has to approve them."""
_WAITING: Final = {
    "Confirm": "Not done yet: a person has to approve it. Until then everything stays as it is.",
    "Advise": "Not done: this policy may only advise.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something a person may do. who: in the plant's words. command: a line to type, if one is needed."""

    who: str
    what: str
    command: str | None = None


def done(case: Case) -> str:
    """What became of the action, in one or two sentences."""
    if case.action is None:
        return "Nothing had to be done."
    if case.refused:
        return f"{_wanted(case)} Not done: {words.refusal(case.refused)}."
    if case.action in _SAYS_ONLY:
        return _wanted(case)
    if case.taken:
        return _taken(case) + (f" What came of it: {case.outcome.rstrip('.')}." if case.outcome else "")
    return f"{_wanted(case)} {_WAITING.get(case.authority or '', 'It is not reported as done.')}"


def steps(case: Case) -> tuple[Step, ...]:
    """What a person may do next, the most useful first."""
    waiting = case.authority == "Confirm" and not (case.taken or case.refused or case.action in {None, *_SAYS_ONLY})
    approval = (_approval(case),) if waiting else ()
    return (*approval, *_BY_VERDICT.get(case.verdict, _look)(case))


def _taken(case: Case) -> str:
    if case.action == "Rollback":
        alone = ", without anybody having to act" if case.authority == "Act" else ""
        return f"Rolled back: {words.version(case.instead, 'the version before')} answers again{alone}."
    if case.action == "Quarantine":
        which = words.listed(case.subjects) or "The tag"
        return f"{which} is kept out of training and out of the judgement of models until it has recovered. Answers go on."
    if case.action == "Retrain":
        return "A new version is trained. It has to prove itself beside the one in service before it answers anybody."
    return f"{words.spoken(case.action)}: done."


def _wanted(case: Case) -> str:
    wishes = {
        "Rollback": f"The policy asks to go back to {words.version(case.instead, 'the version before')}.",
        "Retrain": "The policy asks for a new version, trained on rows that include the present.",
        "Quarantine": "The policy asks to keep the tag out of training and out of the judgement of models.",
        "Propose": "It is put before a person. Nothing changes by itself.",
        "Alert": "Those on duty are told. Nothing changes by itself.",
    }
    return wishes.get(case.action or "", f"The policy asks for: {words.spoken(case.action)}.")


def _approval(case: Case) -> Step:
    actor = case.actor or {"Retrain": "trainingpipeline/NAME", "Quarantine": "datasource/NAME"}.get(
        case.action or "", f"modeldeployment/{case.target}"
    )
    command = f"kubectl -n {case.namespace} annotate --overwrite {actor} andon.dev/approve={case.id}/YOUR-USERNAME"
    agree = f"If you agree, approve it; if not: andon reject {case.id} -n {case.namespace}"
    return Step("An approver", agree, command)


def _after_regression(case: Case) -> tuple[Step, ...]:
    kubectl = f"kubectl -n {case.namespace}"
    look = Step("Anybody", "See what answers now.", f"{kubectl} get modeldeployment {case.target}")
    if not case.taken:
        return (look, *_by_hand(case))
    bad = words.version(case.found_at_fault, "the version")
    another = f"Commit another version in git: {bad} is not served again by itself."
    all_the_same = f"If you know better, serve {bad} all the same: set this in the ModelDeployment in git."
    return (
        look,
        Step("The model's owner", another),
        Step("The model's owner", all_the_same, f"spec.model.overrides: {case.id}"),
    )


def _by_hand(case: Case) -> tuple[Step, ...]:
    """Where Andon only says it, a person may do it."""
    if case.action not in _SAYS_ONLY:
        return ()
    bad, where = words.version(case.found_at_fault, "the version"), f"-n {case.namespace}"
    return (
        Step("An approver", f"If you agree, serve another version now; {bad} is not judged then.", _pin(case)),
        Step("An approver", f"Or, where {bad} is still in its rollout, take it out.", f"andon abort {case.target} {where}"),
        Step("The model's owner", f"Commit another version in git, so that git does not name {bad} any more."),
    )


def _pin(case: Case) -> str:
    return f"andon pin {case.target} {case.instead or 'VERSION'} -n {case.namespace}"


def _training(case: Case) -> tuple[Step, ...]:
    """Where nobody is asked to approve a training, a person may still want one."""
    if case.action == "Retrain" and not case.refused:
        return ()
    return (Step("The model's owner", "If the plant is to run like this from now on, train a version with rows of today."),)


def _after_concept_drift(case: Case) -> tuple[Step, ...]:
    hidden = "Look for a change that no tag shows: feedstock, catalyst, a worn part, the laboratory's method."
    return (Step("A process engineer", hidden), *_training(case), *_look(case))


def _after_shift(case: Case) -> tuple[Step, ...]:
    meant = "Was this change meant? Announce the next one in the policy in git, so that it is expected."
    announced = Step("A process engineer", meant, "spec.expectedShift: [{from: …, to: …, reason: …}]")
    return (announced, *_training(case), *_look(case))


def _after_data_fault(case: Case) -> tuple[Step, ...]:
    which = words.listed(case.subjects) or "the tag"
    look = f"Look at {which}: sensor, cable, transmitter, scaling. When it reads right again, Andon sees that by itself."
    faults = f"kubectl -n {case.namespace} get driftpolicy -o wide"
    return (Step("Instrumentation", look), Step("Anybody", "See which tags are not believed now.", faults))


def _after_silence(case: Case) -> tuple[Step, ...]:
    kubectl = f"kubectl -n {case.namespace}"
    served = f"{kubectl} describe modeldeployment {case.target}"
    return (
        Step("Operations", "See whether the collector is connected.", f"{kubectl} get datasource"),
        Step("Operations", "See whether the server runs and Prometheus reads it.", served),
    )


def _look(case: Case) -> tuple[Step, ...]:
    return (Step("Anybody", "See how the policy stands.", f"kubectl -n {case.namespace} get driftpolicy"),)


_BY_VERDICT: Final = {
    "ModelRegression": _after_regression,
    "ConceptDrift": _after_concept_drift,
    "HarmfulShift": _after_shift,
    "BenignShift": _after_shift,
    "DataFault": _after_data_fault,
    "Unknown": _after_silence,
}
