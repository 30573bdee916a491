"""`andon profile` and `andon replay`: what is read, what is said, and where it is written."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from andon.api.errors import UserError
from andon.api.exits import Exit
from andon.replay import labels as label_file
from andon.replay import policyfile, reference, report
from andon.replay.columns import instant, micros_of, time_of
from andon.replay.film import Film
from andon.replay.models import Model, read_bytes
from andon.replay.notes import notes
from andon.replay.recording import Recording, RecordingFile, matching
from andon.replay.replay import Case, replay
from andon.stats.profile import Profile, ProfileError, digest, tags_of

profile_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
replay_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@profile_app.command(epilog=Exit.__doc__)
def profile(
    *,
    rows: Annotated[Path, typer.Option(help="Parquet: `time`, a column per feature; perhaps `FEATURE.status`, `regime`.")],
    model: Annotated[Path, typer.Option(help="The ONNX file whose answers are usual on these rows.")],
    out: Annotated[Path, typer.Option(help="Where to write the profile.")],
    labels: Annotated[Path | None, typer.Option(help="Parquet: `time`, `label`, `available_at`.")] = None,
    features: Annotated[
        str | None, typer.Option(help="Columns that the model reads, in its order, by commas; by default all there are.")
    ] = None,
    held_out_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="The model was fitted to none of the rows from this time on.")
    ] = None,
) -> None:
    """Freeze what is usual: the profile of a model, from rows on which all was well."""
    _check_folder(out)
    stable = Model.load(model)
    file = RecordingFile.open(rows)
    wanted = [name.strip() for name in features.split(",")] if features else None
    recording = file.read(reference.columns_for(file, stable, wanted))
    known = label_file.read(labels, recording.times) if labels else label_file.none()
    since = _time("--held-out-from", held_out_from) if held_out_from else None
    made = reference.made(recording, stable, known, since)
    content = made.profile.dump()
    _write(out, content)
    for remark in (*known.notes, *made.remarks):
        _say(remark)
    typer.echo(
        f"{out}: {made.profile.rows:,} rows in {made.profile.blocks:,} blocks, {len(made.profile.features)} features, "
        f"{len(content):,} bytes, {digest(content)}"
    )


@replay_app.command("replay", epilog=Exit.__doc__)
def replay_command(
    *,
    rows: Annotated[Path, typer.Option(help="Parquet: `time`, a column per feature; perhaps `FEATURE.status`, `regime`.")],
    profile: Annotated[Path, typer.Option(help="The stable's profile, from `andon profile` or training.")],
    stable: Annotated[Path, typer.Option(help="The ONNX file that serves.")],
    policy: Annotated[Path, typer.Option(help="YAML: a DriftPolicy; `spec: {}` will do.")],
    candidate: Annotated[Path | None, typer.Option(help="The ONNX file that is judged beside it.")] = None,
    candidate_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="From when on, such as 2026-03-01T06:00:00Z; by default from the start.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Parquet: `time`, `label`, `available_at`.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here; `-` is standard output.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for people here.")] = None,
    ignore_extra: Annotated[bool, typer.Option("--ignore-extra", help="Read past columns that are no feature.")] = False,
) -> None:
    """Try a policy on recorded rows: what would have been decided, and done, and when."""
    if candidate_from and not candidate:
        raise typer.BadParameter("it says when a candidate comes; name one with --candidate", param_hint="--candidate-from")
    for path in (json, html):
        _check_folder(path)
    tried = policyfile.read(policy)
    content = read_bytes(profile)
    reference = _profile(profile, content)
    serving = _model(stable, reference)
    judged = _model(candidate, reference, is_stable=False) if candidate else None
    file = RecordingFile.open(rows)
    recording = file.read(matching(file, tags_of(reference), ignore_extra=ignore_extra))
    known = label_file.read(labels, recording.times) if labels else label_file.none()
    since = _row(recording, candidate_from) if candidate_from else 0
    case = Case(recording, known, reference, digest(content), serving, judged, since, tried)
    film = Film() if html else None
    with _progress(len(recording)) as step:
        entries = replay(case, step, film)
    document = report.document(case, entries, notes(case))
    if html and film:
        _write(html, report.page(case, document, entries, film).encode())
    _tell(document, json)


def _tell(document: dict[str, Any], json: Path | None) -> None:
    for note in document["notes"]:
        _say(note)
    if json == Path("-"):
        sys.stdout.write(report.text(document))
        return
    if json:
        _write(json, report.text(document).encode())
    for line in report.lines(document):
        typer.echo(line)


def _profile(path: Path, content: bytes) -> Profile:
    try:
        return Profile.parse(content)
    except ProfileError as error:
        raise UserError(f"{path} is not a profile of this version ({error}); make it with `andon profile`") from None


def _model(path: Path, profile: Profile, *, is_stable: bool = True) -> Model:
    """Raises UserError when it reads other inputs than the profile has, or the profile was made for another stable."""
    model = Model.load(path)
    model.check_reads(len(profile.features))
    if is_stable and profile.model not in {None, model.digest}:
        raise UserError(
            f"{path} is {model.digest[:19]}…, and the profile was made for {str(profile.model)[:19]}…; "
            f"name that model, or make a profile for this one: andon profile --model {path}"
        )
    return model


def _row(recording: Recording, text: str) -> int:
    """The first row that the candidate is judged on. Raises UserError when there is none at or after that time."""
    since, first, last = _time("--candidate-from", text), int(recording.times[0]), int(recording.times[-1])
    if not first <= since <= last:
        raise UserError(
            f"--candidate-from {text} is outside of {recording.path}, which goes from {time_of(first):%Y-%m-%dT%H:%M:%SZ} "
            f"to {time_of(last):%Y-%m-%dT%H:%M:%SZ}; name a time in between"
        )
    return int(np.searchsorted(recording.times, since))


def _time(option: str, text: str) -> int:
    try:
        return micros_of(instant(text))
    except ValueError as error:
        raise UserError(f"{option}: {error}") from None


def _check_folder(path: Path | None) -> None:
    """Before the work, not after it. Raises UserError."""
    if path is not None and not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}; make it, or name another file")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file that you may write") from None


def _say(note: str) -> None:
    typer.echo(f"note: {note}", err=True)


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar where somebody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=rows, label="Replaying", file=sys.stderr) as bar:
        yield bar.update
