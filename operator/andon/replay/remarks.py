"""What should a person know before believing a profile? Whatever its rows, its model or its labels lack."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from andon.api.evidence import SETTLING, UNKNOWN_REGIME
from andon.core.drift.levels import CALIBRATION_BLOCKS
from andon.replay.columns import Floats, listed
from andon.replay.recording import Recording
from andon.stats.build import Reference
from andon.stats.independence import rows_for_one
from andon.stats.profile import Profile, tags_of

ENOUGH: Final = 100
"""Independent rows below which limits are guesses: docs/decision-quality.md."""


def remarks(recording: Recording, reference: Reference, profile: Profile) -> Iterator[str]:
    """In the order of the files: rows, model, labels. reference: what the profile was made from."""
    yield from _of_rows(recording, profile)
    yield from _of_movement(reference, profile)
    yield from _of_model(reference)
    yield from _of_labels(reference, profile)


def _of_rows(recording: Recording, profile: Profile) -> Iterator[str]:
    constant = [f.name for f in profile.features if f.support.min == f.support.max]
    if constant:
        yield f"constant in the reference, so that nothing can be told of them: {listed(constant)}"
    if left := len(recording) - profile.rows:
        yield (
            f"{left:,} of {len(recording):,} rows were left out: a value lacks or is not Good, the regime settles or is unknown, "
            "or the model has no answer"
        )
    if scarce := {*(recording.regimes or ())} - {regime.name for regime in profile.regimes} - {SETTLING, UNKNOWN_REGIME}:
        yield f"too few rows of these regimes, so that rows of them will be evidence of nothing: {listed(sorted(scarce))}"
    if profile.blocks < CALIBRATION_BLOCKS:
        yield (
            f"{profile.blocks} blocks of 20 rows (fewer than {CALIBRATION_BLOCKS}): what inputs alone say will only be proposed; "
            "give a longer reference"
        )


def _of_movement(reference: Reference, profile: Profile) -> Iterator[str]:
    """Whether the rows show often enough what the plant does by itself."""
    stretches = _stretches(reference)
    each = {tag: rows_for_one([s[:, i] for s in stretches]) for i, tag in enumerate(tags_of(profile))}
    slow = [tag for tag, rows in each.items() if profile.rows / rows < ENOUGH]
    if slow:
        slowest = max(each, key=lambda tag: each[tag])
        yield (
            f"{len(slow)} of {len(each)} tags move so slowly that this reference is short for them: {each[slowest]:,.0f} rows of "
            f"{slowest}, the slowest, weigh as much as one independent one, so that {profile.rows:,} are only "
            f"{profile.rows / each[slowest]:,.0f}; below about {ENOUGH} verdicts come late, or sound tags are named: "
            "give more rows"
        )


def _stretches(reference: Reference) -> list[Floats]:
    """Rows that follow each other in one regime, each regime around its own mean."""
    values, names = reference.rows.values, np.array(reference.rows.regimes or ("",) * len(reference.rows))
    used = np.flatnonzero(np.isfinite(values).all(axis=1) & (names != SETTLING))
    centred = values[used]
    for name in set(names[used].tolist()):
        centred[names[used] == name] -= centred[names[used] == name].mean(axis=0)
    ends = np.flatnonzero((np.diff(used) > 1) | (names[used][1:] != names[used][:-1])) + 1
    return np.split(centred, ends)


def _of_model(reference: Reference) -> Iterator[str]:
    answers = reference.prediction[np.isfinite(reference.prediction)]
    if answers.min() == answers.max():
        yield f"the model answers {answers[0]:g} on every row, whatever it reads: look whether it is the right file"


def _of_labels(reference: Reference, profile: Profile) -> Iterator[str]:
    errors = (reference.prediction - reference.labels)[np.isfinite(reference.labels) & np.isfinite(reference.prediction)]
    known = reference.labels[np.isfinite(reference.labels)]
    alike = known.size > 1 and known.min() == known.max()
    if alike:
        yield f"every label is {known[0]:g}: look at how they were exported"
    if profile.error is None:
        why = "labels that never change tell of no error" if alike else "too few labels" if known.size else "no label"
        yield f"{why}: what error is usual will be learnt from the first labelled rows that are replayed"
        return
    if (weigh := len(errors) / rows_for_one([errors])) < ENOUGH:
        yield (
            f"{len(errors):,} labelled rows weigh as much as {weigh:,.0f} independent ones: below about {ENOUGH} "
            "it is known only roughly what error is usual; give more labels"
        )
    if not profile.error.held_out:
        yield (
            "the model may have been fitted to these rows, which flatters it: what error is usual will be learnt from the first "
            "labelled rows too; say --held-out-from TIME where you know better"
        )
