"""What should a person know before believing a replay? Whatever is unusual about its files, or does not fit together."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

from andon.api.evidence import SETTLING
from andon.api.types import seconds
from andon.replay.columns import listed
from andon.replay.recording import duration
from andon.replay.replay import Case

TRIED: Final = 1000
"""Rows that show whether a model answers always the same."""


def notes(case: Case) -> tuple[str, ...]:
    """In the order of the files."""
    return (
        *case.recording.notes, *case.labels.notes, *_clocks(case), *_regimes(case), *_constant(case), *_policy(case)
    )  # fmt: skip


def _clocks(case: Case) -> Iterator[str]:
    every, usual = case.recording.every, seconds(case.profile.every)
    if len(case.recording) > 1 and not 0.5 < every / usual < 2:
        yield f"the rows come every {duration(every)}, those of the profile every {case.profile.every}: they may not be alike"


def _regimes(case: Case) -> Iterator[str]:
    """Rows of a regime that the reference has not seen are evidence of nothing."""
    known = [regime.name or "none" for regime in case.profile.regimes]
    met = Counter(case.recording.regimes or [""] * len(case.recording))
    unknown = {name or "none": rows for name, rows in met.items() if (name or "none") not in {*known, SETTLING}}
    if unknown:
        yield (
            f"{sum(unknown.values()):,} of {len(case.recording):,} rows are of a regime that the profile does not know "
            f"({listed(sorted(unknown))}) and are evidence of nothing; it knows {listed(known)}"
        )


def _constant(case: Case) -> Iterator[str]:
    """What never changes was seldom meant."""
    labels = case.labels.values
    if len(labels) > 1 and labels.min() == labels.max():
        yield f"every label is {labels[0]:g}: look at how they were exported"
    for model in filter(None, (case.stable, case.candidate)):
        answers = model.predict(case.recording.values[:TRIED])
        known = answers[np.isfinite(answers)]
        if known.size > 1 and known.min() == known.max():
            yield f"{model.path} gives one answer to all of the first rows, whatever it reads: look whether it is the right file"


def _policy(case: Case) -> Iterator[str]:
    if unasked := [s.promql.name for s in case.policy.unasked if s.promql]:
        yield f"spec.signals has no answer in a file and is not asked: {listed(unasked)}"
