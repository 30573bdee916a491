"""What would have happened? The recorded rows in order, block by block, each judged by what was known when its last row came."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from andon.api.decision import Verdict
from andon.api.types import number
from andon.core.drift.movement import MOVES, moved_tags
from andon.replay.columns import time_of
from andon.replay.engine import Engine
from andon.replay.film import Film
from andon.replay.ground import NO_GROUND, Ground, not_looked, of_tags, of_verdict
from andon.replay.journal import Entry, Moment
from andon.replay.labels import Labels
from andon.replay.models import Model
from andon.replay.policyfile import Policy
from andon.replay.recording import Recording, duration
from andon.replay.scene import Scene
from andon.stats.blocks import BLOCK_ROWS, Evidence
from andon.stats.profile import Profile


@dataclass(frozen=True, slots=True)
class Case:
    """What is replayed. profile_digest: of the profile's bytes. since: index of the first row that the candidate is judged on."""

    recording: Recording
    labels: Labels
    profile: Profile
    profile_digest: str
    stable: Model
    candidate: Model | None
    since: int
    policy: Policy

    def portions(self) -> Iterator[slice]:
        """Blocks of rows, with a cut where the candidate comes."""
        rows = len(self.recording)
        cuts = sorted({*range(0, rows, BLOCK_ROWS), *([self.since] if self.candidate else []), rows})
        return (slice(first, end) for first, end in pairwise(cuts))


def replay(case: Case, step: Callable[[int], None], film: Film | None = None) -> list[Entry]:
    """Every entry of the report, in order. step: told how many more rows are done. film: takes what can be drawn."""
    engine = Engine(case.recording, case.labels, case.profile, case.stable, margin=number(case.policy.spec.evidence.margin))
    scene = Scene(case.policy, case.stable.digest, case.profile_digest, duration(case.recording.every))
    engine.judge(None, row=0)
    entries: list[Entry] = []
    for part in case.portions():
        if case.candidate and part.start == case.since:
            engine.judge(case.candidate, part.start)
            scene.judge(case.candidate.digest)
        engine.take(part)
        now, evidence = time_of(int(case.recording.times[part.stop - 1])), engine.evidence()
        entries += _evaluated(scene, evidence, now)
        if film is not None and (film.add(now, evidence) or part.stop == len(case.recording)):
            film.look(engine.ledger.report()["history"])
        if engine.candidate is not None and scene.candidate is None:
            engine.judge(None, part.stop - 1)
        step(part.stop - part.start)
    return entries or [_too_short(case)]


def _too_short(case: Case) -> Entry:
    because = f"{len(case.recording)} rows are no full block of {BLOCK_ROWS}."
    return Entry(time_of(int(case.recording.times[-1])), Verdict.NO_EVIDENCE, "stable", because=because)


def _evaluated(scene: Scene, evidence: list[Evidence], now: datetime) -> list[Entry]:
    """Nothing is asked of the policy before the first full block: in production nobody would have anything to scrape."""
    if not evidence:
        return []
    before, candidate = scene.status, scene.candidate
    moment = Moment(now, before, scene.decide(evidence, now), evidence, candidate)
    return [_grounded(_located(entry, scene), moment, scene) for entry in moment.entries(scene.act)]


def _located(entry: Entry, scene: Scene) -> Entry:
    """A verdict that the plant has moved names the tags in which that shows, whether or not anything was asked for."""
    unnamed = entry.verdict in MOVES and not entry.subjects
    return replace(entry, subjects=moved_tags(scene.facts)) if unnamed else entry


def _grounded(entry: Entry, moment: Moment, scene: Scene) -> Entry:
    """With what it rests on, and the numbers of the question that was answered."""
    ground = _ground(entry, scene)
    asked = ground.evidence.question if ground.evidence else None
    return replace(entry, ground=ground, evidence=moment.numbers(asked, entry.subjects) if asked else entry.evidence)


def _ground(entry: Entry, scene: Scene) -> Ground:
    if not scene.judges:
        return not_looked(entry.because)
    if entry.decision is not None:
        return Ground.of(entry.decision, entry.decision.guards)
    if entry.judged == "data":
        return of_tags(scene.facts, entry.at, entry.subjects) if entry.change == "Opened" else NO_GROUND
    return of_verdict(scene.facts, entry.at, candidate=entry.judged == "candidate")
