"""Which comparisons go on? That of the candidate, and after a promotion that of the new stable with what it replaced.

`current` has the stable's own profile: tags, inputs, errors, and its candidate. `after` is the ledger that judged the candidate
which is the stable now, going on in the roles it had; only what it says of that pair is told.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from andon.api.evidence import LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL, TAG_FAULTS
from andon.runtime.serve.rows.panel import Answers, Panel
from andon.runtime.serve.rows.store import Checkpoint
from andon.runtime.serve.rows.tally import Finding
from andon.runtime.serve.rows.waiting import Joined
from andon.stats.blocks import Evidence, Rows
from andon.stats.detector import AT_FAULT
from andon.stats.ledger import Ledger, Trial
from andon.stats.profile import Profile
from andon.stats.surroundings import Judged

log = logging.getLogger(__name__)

OF_PAIR: Final = frozenset({PAIRED, PAIRED_EQUAL, LOSS, LOSS_EQUAL})
_OTHER_FORM: Final = (KeyError, TypeError, ValueError)

Floats = NDArray[np.float64]


class Page:
    """A ledger that is not lost while its profile is not here."""

    def __init__(self, state: dict[str, Any]) -> None:
        """What has another form begins anew. begun: it has met its profile."""
        self._unmet, self.begun = state, False
        try:
            self.ledger = Ledger.restore(state)
        except _OTHER_FORM as error:
            self._forget(error)

    def _forget(self, error: Exception) -> None:
        log.warning("the checkpoint's evidence has another form and begins anew: %r", error)
        self.ledger, self._unmet = Ledger(), {}

    def begin(self, profile: Profile, trial: Trial, now: float) -> None:
        """See `Ledger.begin`. What is restored meets its profile here, and may turn out to be of another form."""
        try:
            self.ledger.begin(profile, trial, now)
        except _OTHER_FORM as error:
            self._forget(error)
            self.ledger.begin(profile, trial, now)
        self.begun = True

    @property
    def pair(self) -> tuple[str, str | None] | None:
        """Who is compared with whom."""
        return _pair(self.ledger.trial) if self.ledger.trial else None

    def state(self) -> dict[str, Any]:
        """What another page goes on from; JSON."""
        return self.ledger.state() or self._unmet


class Ledgers:
    """at_fault: questions and tags that are answered yes, until the tag is sound again."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Go on from there."""
        self._current = Page(checkpoint.ledger or {})
        self._after = None if checkpoint.after is None else Page(checkpoint.after)
        self.at_fault = checkpoint.at_fault

    def checkpoint(self, cursors: Checkpoint) -> Checkpoint:
        """What to go on from, with these cursors."""
        after = self._after.state() if self._after else None
        return replace(cursors, ledger=self._current.state(), after=after, at_fault=self.at_fault)

    @property
    def trials(self) -> tuple[Trial | None, Trial | None]:
        """Of a candidate, and after a promotion."""
        return self._current.ledger.trial, self._after.ledger.trial if self._after else None

    def begin(self, panel: Panel, now: float) -> None:
        """Say what the next rows are evidence of. now: Unix seconds."""
        self._go_on_after(panel.after)
        self._current.begin(panel.profile, panel.trial, now)
        if self._after and panel.after and panel.reference and panel.reference.profile:
            self._after.begin(panel.reference.profile, panel.after, now)

    def _go_on_after(self, wanted: Trial | None) -> None:
        """Have the ledger of the pair that is wanted: the one that is under way, or the one that judged it, or a new one."""
        if wanted is None:
            self._after = None
        elif self._after is None or self._after.pair not in {None, _pair(wanted)}:
            judged_it = self._current.pair == _pair(wanted)
            self._after = Page(orjson.loads(orjson.dumps(self._current.state())) if judged_it else {})

    def take(self, rows: Rows, panel: Panel, answers: Answers) -> tuple[Judged, dict[str, Floats]]:
        """Fold rows into both. What models may be judged by here, and what each slot answers to it."""
        current = self._current.ledger
        judged = current.take(rows, panel.max_age)
        predictions = panel.judge(judged, answers)
        current.score(judged, predictions["stable"], predictions.get("candidate"))
        if self._after and panel.reference and panel.reference.profile:
            seen = self._after.ledger.take(rows, panel.max_age)
            theirs = panel.judge(seen, answers)
            self._after.ledger.score(seen, theirs["reference"], theirs["stable"])
        return judged, predictions

    def learn(self, joined: Joined) -> None:
        """Labels have come."""
        for page in (self._current, self._after):
            if page and page.begun and page.pair:
                stable, candidate = page.pair
                page.ledger.learn(joined.times, joined.labels, joined.by(stable), joined.by(candidate))

    def findings(self, panel: Panel) -> tuple[Finding, ...]:
        """Everything that is told; what of it is at fault is known from then on."""
        current = Finding(panel.stable, panel.candidate, self._current.ledger.evidence())
        self.at_fault = _at_fault(current.evidence, self.at_fault)
        if self._after is None or panel.reference is None:
            return (current,)
        of_pair = [evidence for evidence in self._after.ledger.evidence() if evidence.question in OF_PAIR]
        return current, Finding(panel.reference, panel.stable, of_pair)

    def report(self) -> dict[str, Any]:
        """All that is known, JSON; see `Ledger.report`. after: likewise of the comparison that goes on, where there is one."""
        return self._current.ledger.report() | ({"after": self._after.ledger.report()} if self._after else {})


def _pair(trial: Trial) -> tuple[str, str | None]:
    return trial.stable, trial.candidate


def _at_fault(evidence: Iterable[Evidence], before: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """As the detectors have it: at fault once convicted, until the evidence speaks for the tag."""
    asked = {(e.question, e.subject): e.log_e for e in evidence if e.question in TAG_FAULTS}
    return frozenset(key for key, log_e in asked.items() if log_e >= AT_FAULT or (key in before and log_e >= 0))
