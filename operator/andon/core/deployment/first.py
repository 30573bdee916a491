"""Is a first version good enough? It has none before it to be held against, and none to go back to."""

from typing import Final

from andon.api.conditions import Claim, ConditionStatus, claim, find, following, not_ready, reconciling, stalled
from andon.api.evidence import Counted
from andon.api.slots import SlotModel
from andon.api.types import number
from andon.core.deployment.facts import Facts
from andon.core.deployment.steps import min_rows

JUDGED: Final = "FirstJudged"
"""The condition that holds the verdict: the servers' counters begin anew with each process."""

_SPENT: Final = "ErrorBudgetSpent"


def verdict(facts: Facts, stable: SlotModel | None) -> Claim | None:
    """What is said of it; None where it is not the first, or scores no rows by itself."""
    if stable is None or facts.spec.inputs is None or not _is_first(facts, stable):
        return None
    if facts.people.promote == stable.version:
        return claim(JUDGED, True, "Accepted", f"Version {stable.version} was accepted by andon.dev/promote.")
    said = find(facts.status.conditions, JUDGED)
    if said is not None and said.status is not ConditionStatus.UNKNOWN:
        return Claim(type=JUDGED, status=said.status, reason=said.reason, message=said.message)
    return _by_rows(facts, stable, facts.counted)


def readiness(said: Claim | None) -> list[Claim] | None:
    """What a first version's verdict means for Ready; None: nothing."""
    if said is None or said.status is ConditionStatus.TRUE:
        return None
    if said.reason == _SPENT:
        return [not_ready(_SPENT, said.message), stalled(_SPENT, said.message)]
    return [following(not_ready(JUDGED, said.message)), following(reconciling(JUDGED, said.message))]


def least_rows(facts: Facts) -> int:
    """Rows after which a first version is judged: as many as its successors need in their first step."""
    counting = [s for s in facts.spec.rollout.steps if s.shadow or s.weight is not None]
    return min_rows(facts.spec, counting[0] if counting else facts.spec.rollout.steps[0])


def is_due(facts: Facts) -> bool:
    """Whether its rows must be counted at all: most deployments never need it again."""
    said, stable = find(facts.status.conditions, JUDGED), facts.stable
    decided = said is not None and said.status is not ConditionStatus.UNKNOWN
    return facts.spec.inputs is not None and stable is not None and not decided and _is_first(facts, stable)


def _is_first(facts: Facts, stable: SlotModel) -> bool:
    """Nothing served before it. What was Ready before there was such a verdict is good."""
    before = any(served.digest != stable.digest for served in facts.status.history)
    ready, said = find(facts.status.conditions, "Ready"), find(facts.status.conditions, JUDGED)
    accepted = said is None and ready is not None and ready.status is ConditionStatus.TRUE
    return not before and facts.reference is None and not accepted


def _by_rows(facts: Facts, stable: SlotModel, counted: Counted | None) -> Claim:
    least, budget = least_rows(facts), number(facts.spec.rollout.error_budget)
    if counted is not None and counted.failed > budget * max(counted.scored, least):
        return claim(JUDGED, False, _SPENT, _spent(facts, stable, counted))
    if counted is not None and counted.scored >= least:
        return claim(JUDGED, True, "WithinBudget", f"Version {stable.version} answered enough of its first {least} rows.")
    message = (
        f"Version {stable.version} is the first: it counts as good after {least} rows, if at most {100 * budget:g}% of them "
        "have no finite answer."
    )
    unseen = " Prometheus has no count of them yet: is the server scraped?" if counted is None else ""
    return following(claim(JUDGED, ConditionStatus.UNKNOWN, "Counting", message + unseen))


def _spent(facts: Facts, stable: SlotModel, counted: Counted) -> str:
    accept = f"kubectl annotate --overwrite -n {facts.namespace} modeldeployment {facts.name} andon.dev/promote={stable.version}"
    return (
        f"Version {stable.version} had no finite answer to {counted.failed} of its first {counted.scored} rows, more than "
        f"spec.rollout.errorBudget ({facts.spec.rollout.error_budget}) allows. There is none to go back to, so it answers on. "
        f"Commit another version, or accept it: {accept}"
    )
