"""What is usual? A recording that was sound, and a model's answers on it, as the profile that serving and replay judge by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from andon.api.errors import UserError
from andon.api.evidence import SETTLING, UNKNOWN_REGIME
from andon.api.pipeline import Feature
from andon.replay.columns import listed
from andon.replay.labels import Labels
from andon.replay.models import Model
from andon.replay.recording import Recording, RecordingFile, chosen, duration
from andon.stats import build
from andon.stats.profile import Profile

ENOUGH_BLOCKS = 100
"""With fewer, verdicts from inputs alone only propose."""


@dataclass(frozen=True, slots=True)
class Made:
    """A profile, and what is unusual about it."""

    profile: Profile
    remarks: tuple[str, ...]


def columns_for(file: RecordingFile, model: Model, features: Sequence[str] | None) -> list[str]:
    """Which columns the model reads, in its order: those named, or all there are. Raises UserError when they do not fit it."""
    columns = chosen(file, features) if features else file.features
    if not columns:
        raise UserError(f"{file.table.path} has no feature column beside its times; it has {listed(file.table.names)}")
    if model.width not in {None, len(columns)} and not features:
        raise UserError(
            f"{file.table.path} has {len(columns)} feature columns ({listed(columns)}), {model.path} reads {model.width}; "
            "name those it reads, in its order: --features a,b,c"
        )
    model.check_reads(len(columns))
    return columns


def made(recording: Recording, model: Model, labels: Labels, held_out_from: int | None) -> Made:
    """The profile. held_out_from: microseconds, from when on rows are known to be none that the model was fitted to; None where
    nobody said so: the usual error is then learnt from the first labelled rows as well. Raises UserError.

    A row of no known regime tells nothing of any, and is left out like one that settles.
    """
    known = None if recording.regimes is None else tuple(SETTLING if r == UNKNOWN_REGIME else r for r in recording.regimes)
    rows = replace(recording, regimes=known).rows(slice(None))
    prediction = model.predict(np.where(rows.bad_status(), np.nan, rows.values))
    reference = build.Reference(
        rows=replace(rows, values=np.where(rows.bad_status(), np.nan, rows.values)),
        features=[Feature(name=tag, tag=tag) for tag in recording.tags],
        every=duration(recording.every),
        prediction=prediction,
        labels=labels.by_row(len(recording)),
        held_out=np.full(len(recording), False) if held_out_from is None else np.asarray(recording.times >= held_out_from),
        model=model.digest,
    )
    try:
        profile = build.profile(reference)
    except ValueError as error:
        raise UserError(f"{recording.path}: {error}") from None
    return Made(profile, tuple(_remarks(recording, profile, prediction, len(labels))))


def _remarks(recording: Recording, profile: Profile, prediction: NDArray[np.float64], labels: int) -> list[str]:
    remarks = list(recording.notes)
    constant = [f.name for f in profile.features if f.support.min == f.support.max]
    if constant:
        remarks.append(f"constant in the reference, so that nothing can be told of them: {listed(constant)}")
    if left := len(recording) - profile.rows:
        remarks.append(
            f"{left:,} of {len(recording):,} rows were left out: a value lacks, its status is not Good, or they settle"
        )
    if failed := int(np.isnan(prediction).sum()) - left:
        remarks.append(f"the model has no finite answer on {max(failed, 0):,} rows") if failed > 0 else None
    if profile.blocks < ENOUGH_BLOCKS:
        remarks.append(
            f"{profile.blocks} blocks of 20 rows (fewer than {ENOUGH_BLOCKS}): verdicts from inputs alone will only propose; "
            "give a longer reference"
        )
    if profile.error is None:
        why = "no label" if not labels else "too few labels"
        remarks.append(f"{why}: what error is usual will be learnt from the first labelled rows")
    return remarks
