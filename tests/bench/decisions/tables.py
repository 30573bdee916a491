"""What do many outcomes say together? One row per class, the musts, and what any rule would have called."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from andon.api.decision import Action
from andon.stats.blocks import BLOCK_ROWS

from .engine import MIN_ROWS
from .intervals import Share
from .score import Outcome, delay

NAMED: Final = ("sensor-stuck", "sensor-dropped", "sensor-unit", "sensor-bias-2", "sensor-bias-4")
"""Classes in which the tag must be named."""
UNKNOWABLE: Final = ("-mainly", "-unlabelled")
"""Classes that are shown, not asked for: worse in the disturbance only, so that it may well be promoted before; or no labels."""
MISTAKES: Final = ("candidate-scrambled", "candidate-unit-mistake")
"""What should not be promoted, and need not be convicted where it happens to make no difference."""
PROMOTION_ROWS: Final = 1500
PAIRED_ROWS: Final = 100
POWER_ROWS: Final = (300, 500, 1000, 1500, 3000, 6000)
RECORDS: Final = {"Tennessee Eastman": ("te-early", "te-late"), "the real record": ("real",)}
"""Names that plants' names begin with. The musts are DESIGN §8's on the first; on the others they are shown."""

Asked = Callable[[Outcome], bool]


def _of_kind(*kinds: str) -> Asked:
    return lambda o: o.kind in kinds


def _has_data_fault(o: Outcome) -> bool:
    return o.truth.kind == "data"


def _is_bad(o: Outcome) -> bool:
    return o.ratio >= 1.25 and not o.kind.endswith(UNKNOWABLE)


def _is_worse(o: Outcome) -> bool:
    return o.ratio >= 1.10 and not o.kind.endswith(UNKNOWABLE)


def _is_good(o: Outcome) -> bool:
    return o.ratio <= 1.02 and not o.kind.startswith(MISTAKES)


def _is_good_and_labelled(o: Outcome) -> bool:
    return _is_good(o) and not o.kind.endswith(UNKNOWABLE)


def _harmed_by_data(o: Outcome) -> bool:
    """A Retrain, or a Rollback of what is not a bad candidate."""
    return any(t.action is Action.RETRAIN or not (t.judged == "candidate" and o.ratio >= 1.10) for t in o.harm)


@dataclass(frozen=True, slots=True)
class Must:
    """A share of the episodes of every class among those asked about. at_most: the limit is an upper one."""

    name: str
    among: Asked
    holds: Asked
    limit: float
    at_most: bool = False

    def shares(self, outcomes: Sequence[Outcome]) -> dict[str, Share]:
        """By class."""
        asked = [o for o in outcomes if self.among(o)]
        return {kind: Share(sum(self.holds(o) for o in of), len(of)) for kind, of in by_kind(asked).items()}

    def failing(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Episodes to look at."""
        return [o for o in outcomes if self.among(o) and self.holds(o) == self.at_most]

    def _bad(self, share: Share) -> tuple[float, float]:
        """Of two classes alike the one of which less is known."""
        return share.value, share.high if self.at_most else share.low

    def result(self, outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
        """As DESIGN §8 has it: the worst class decides. None where no episode was asked.

        open: it fails by so few episodes that it may hold all the same.
        """
        shares = self.shares(outcomes)
        if not shares:
            return None
        worst = (max if self.at_most else min)(shares, key=lambda kind: self._bad(shares[kind]))
        value = shares[worst].value
        ok = value <= self.limit if self.at_most else value >= self.limit
        together = Share(sum(share.k for share in shares.values()), sum(share.n for share in shares.values()))
        told = {"all": str(together), "worst": f"{worst}: {shares[worst]}"}
        open_ = not ok and shares[worst].low <= self.limit <= shares[worst].high
        return {"name": self.name, "value": value, "limit": self.limit, "ok": ok, "open": open_, **told}


MUSTS: Final = (
    Must("rollback or retrain caused by a data fault", _has_data_fault, _harmed_by_data, 0.0, at_most=True),
    Must("25 % worse or more: rolled back", _is_bad, lambda o: o.rolled_back is not None, 0.99),
    Must("10 % worse or more: never promoted", _is_worse, lambda o: o.healthy is None, 0.99),
    Must("at most 2 % worse: not rolled back", _is_good, lambda o: o.rolled_back is None, 0.98),
    Must(
        f"at most 2 % worse: promoted within {PROMOTION_ROWS} labelled rows",
        _is_good_and_labelled,
        lambda o: o.promoted_within(PROMOTION_ROWS),
        0.95,
    ),
    Must("right tag named first", _of_kind(*NAMED), lambda o: o.right_tag, 0.95),
    Must("no automatic action without a fault", _of_kind("fault-free", "gaps", "regimes-known"), lambda o: not o.taken, 1.0),
)


def by_record(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Those of each record that has any."""
    found = {record: [o for o in outcomes if o.plant.startswith(names)] for record, names in RECORDS.items()}
    return {record: of for record, of in found.items() if of}


def results(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Every must that these outcomes say something about."""
    found = [*(must.result(outcomes) for must in MUSTS), _delay_result(outcomes)]
    return [result for result in found if result is not None]


def _delay_result(outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
    """Candidates 50 % worse or scrambled, alone: median rows beyond the policy's minimum."""
    delays = [_conviction(o) for o in outcomes if o.kind in {"candidate-50-worse", "candidate-scrambled"}]
    if not delays:
        return None
    beyond = float(np.median(delays)) - MIN_ROWS
    return {
        "name": "50 % worse or scrambled: median paired rows beyond the minimum until rolled back",
        "value": beyond if np.isfinite(beyond) else None,
        "limit": PAIRED_ROWS,
        "ok": beyond <= PAIRED_ROWS,
        "all": f"{len(delays)} episodes",
    }


def _conviction(o: Outcome) -> float:
    rows = delay(o.rolled_back, o.candidate_from)
    return np.inf if rows is None else float(rows)


def by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """In the order in which the classes come."""
    found: dict[str, list[Outcome]] = {}
    for o in outcomes:
        found.setdefault(o.kind, []).append(o)
    return found


def summaries(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One for each class and record."""
    return [
        {"record": record, **summary(kind, of)}
        for record, among in by_record(outcomes).items()
        for kind, of in by_kind(among).items()
    ]


def summary(kind: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """One class in numbers."""
    actions = Counter(t.action.value for o in outcomes for t in o.taken)
    verdicts = Counter(verdict for o in outcomes for verdict in o.said)
    return {
        "class": kind,
        "episodes": len(outcomes),
        "actions": dict(actions),
        "verdicts": dict(verdicts),
        "rolled back": _counted(o.rolled_back is not None for o in outcomes),
        "retrained": _counted(any(t.action is Action.RETRAIN for t in o.taken) for o in outcomes),
        "healthy": _counted(o.healthy is not None for o in outcomes),
        "tag right": _counted(o.right_tag for o in outcomes) if any(o.truth.tags for o in outcomes) else None,
        "tag wrong": _counted(o.tag is not None and not o.right_tag for o in outcomes),
        "rollback delay": _delays(delay(o.rolled_back, o.candidate_from) for o in outcomes),
        "healthy delay": _delays(delay(o.healthy, o.candidate_from) for o in outcomes),
        "tag delay": _delays(delay(o.tag_row, o.truth.from_row) for o in outcomes if o.right_tag),
        "alarms": {rule: _counted(o.alarms[rule] is not None for o in outcomes) for rule in outcomes[0].alarms},
    }


def _counted(holds: Iterable[bool]) -> dict[str, Any]:
    found = list(holds)
    share = Share(sum(found), len(found))
    return {"k": share.k, "n": share.n, "low": share.low, "high": share.high}


def _delays(rows: Iterable[int | None]) -> dict[str, float] | None:
    found = [r for r in rows if r is not None]
    return {"median": float(np.median(found)), "p90": float(np.quantile(found, 0.9)), "n": len(found)} if found else None


GROUPS: Final[dict[str, Asked]] = {
    "nothing is wrong": lambda o: o.truth.kind == "fault-free",
    "a sensor is wrong": lambda o: o.truth.kind == "data" and o.truth.rmse_ratio is None,
    "the plant is disturbed": lambda o: o.truth.kind == "process" and o.truth.rmse_ratio is None,
    "concept drift, labels": _of_kind("concept-labelled"),
    "concept drift, no labels": _of_kind("concept-unlabelled"),
    "candidate at most 2 % worse": _is_good_and_labelled,
    "candidate 25 % worse or more": _is_bad,
}


def rivals(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """By what is the matter: in how many episodes each rule would have acted on a model."""
    found = []
    for group, among in GROUPS.items():
        asked = [o for o in outcomes if among(o)]
        if asked:
            acted = {"andon": _counted(bool(o.harm) for o in asked)}
            found.append({"truth": group, "acted": acted | {rule: _alarmed(asked, rule) for rule in asked[0].alarms}})
    return found


def _alarmed(outcomes: Sequence[Outcome], rule: str) -> dict[str, Any]:
    return _counted(o.alarms[rule] is not None for o in outcomes)


def power(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Of long episodes: how many labelled rows a verdict takes, by record, class and how the candidate differs."""
    cells: dict[tuple[str, str, str], list[Outcome]] = {}
    for record, of in by_record(outcomes).items():
        for o in of:
            cells.setdefault((record, o.kind, "all"), []).append(o)
            cells.setdefault((record, o.kind, o.truth.detail), []).append(o)
    return [
        {
            "record": record,
            "class": kind,
            "mechanism": mechanism,
            "n": len(of),
            "rolled back": {str(rows): _within(of, rows, lambda o: o.rolled_back) for rows in POWER_ROWS},
            "healthy": {str(rows): _within(of, rows, lambda o: o.healthy) for rows in POWER_ROWS},
        }
        for (record, kind, mechanism), of in sorted(cells.items())
    ]


def _within(outcomes: Sequence[Outcome], rows: int, at: Callable[[Outcome], int | None]) -> int:
    taken = (delay(at(o), o.candidate_from) for o in outcomes)
    return sum(t is not None and t <= rows + BLOCK_ROWS for t in taken)
