"""What is usual? A recording that was sound, and a model's answers on it, as the profile that serving and replay judge by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import ValidationError

from andon.api.errors import UserError, invalid
from andon.api.evidence import SETTLING, UNKNOWN_REGIME
from andon.api.pipeline import Feature
from andon.replay.columns import listed
from andon.replay.labels import Labels
from andon.replay.models import Model
from andon.replay.recording import Recording, RecordingFile, chosen, duration
from andon.replay.remarks import remarks
from andon.stats import build
from andon.stats.profile import Profile


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
    sound = replace(rows, values=np.where(rows.bad_status(), np.nan, rows.values))
    reference = build.Reference(
        rows=sound,
        features=[Feature(name=tag, tag=tag) for tag in recording.tags],
        every=duration(recording.every),
        prediction=model.predict(sound.values),
        labels=labels.by_row(len(recording)),
        held_out=np.asarray(recording.times >= (np.inf if held_out_from is None else held_out_from)),
        model=model.digest,
    )
    try:
        profile = build.profile(reference)
    except ValidationError as error:
        raise invalid(f"{recording.path} makes no profile", error) from None
    except ValueError as error:
        raise UserError(f"{recording.path}: {error}") from None
    return Made(profile, (*recording.notes, *remarks(recording, reference, profile)))
