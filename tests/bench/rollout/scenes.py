"""What happens to whom, and when: a bad version for both, then every illness of Prometheus while both judge a good one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from .andon import WEIGHT, Andon, LateError
from .flagger import Canary, Flagger
from .weather import Illness, Weather

_LOOK: Final = 0.2
BAD_RATIO: Final = 3.0
TAGS: Final = ("xmeas_7", "xmeas_11", "xmeas_13")
"""Each was in another unit when one of the bad versions was trained."""
SETTINGS: Final = {"fastest": "10s", "default": "60s"}

_LAST_LOOK: Final = 75.0
"""Seconds until Flagger has done, at the start of its next look, what the last one came to."""

Say = Callable[[str], None]
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trouble:
    """An illness of Prometheus. seconds: how long it lasts. at_defaults: whether Flagger meets it at its defaults, too."""

    name: str
    illness: Illness
    seconds: float
    at_defaults: bool = True


TROUBLES: Final = (
    Trouble("away-30s", Illness.AWAY, 30),
    Trouble("away-60s", Illness.AWAY, 60),
    Trouble("nan", Illness.NAN, 75),  # longer than a look of Flagger's at its defaults, so that it meets it for certain
    Trouble("empty", Illness.EMPTY, 75),
    Trouble("stale", Illness.STALE, 75),
    Trouble("away-5min", Illness.AWAY, 300, at_defaults=False),
)
BAD: Final = "bad"
SCENES: Final = (BAD, *(trouble.name for trouble in TROUBLES))


def canaries(scenes: Sequence[str]) -> list[Canary]:
    """One of Flagger's for each illness and setting; of the bad version several, which differ in nothing but their clocks."""
    found = [Canary(setting, BAD, n, interval, WEIGHT) for setting, interval in SETTINGS.items() for n in range(len(TAGS))]
    met = [(setting, t) for t in TROUBLES for setting in SETTINGS if setting == "fastest" or t.at_defaults]
    found += [Canary(setting, trouble.name, 0, SETTINGS[setting], 1) for setting, trouble in met]
    return [canary for canary in found if canary.scene in scenes]


@dataclass(frozen=True, slots=True)
class Window:
    """When it was ill, in seconds since the epoch."""

    trouble: Trouble
    began: float
    ended: float


@dataclass
class Bench:
    """All that a scene needs. rate: rows a second."""

    rate: float
    andon: Andon
    flagger: Flagger
    weather: Weather
    say: Say

    def initialise(self, wanted: Sequence[Canary]) -> None:
        """Flagger's canaries, before anything happens to them."""
        for canary in wanted:
            self.flagger.add(canary, self.weather.url(canary.name))
        self._until("Flagger's canaries are initialised", lambda: all(c.now.phase == "Initialized" for c in wanted), 300)
        for canary in wanted:
            self.flagger.set_interval(canary)

    def release(self, wanted: Sequence[Canary]) -> None:
        """The second version of what Flagger looks after: bad in the scene of that name, else as good as the first."""
        for canary in wanted:
            self.flagger.release(canary, "2", BAD_RATIO if canary.scene == BAD else 1.0)

    def bad_version(self, version: str) -> Result:
        """Andon's: committed, and taken back."""
        since = self.andon.judge(version)
        found = self.andon.taken_back(version, since)
        seconds = found.reverted - found.first
        self.say(f"Andon: back after {seconds:.1f} s, {found.bad_rows} of {found.rows} rows served. {found.summary}")
        return {"who": "andon", "scene": BAD, "setting": "", "seconds": seconds, "badRows": found.bad_rows}

    def flagger_on_bad_versions(self) -> list[Result]:
        """What became of Flagger's, which had theirs all at once."""
        wanted = [canary for canary in self.flagger.canaries.values() if canary.scene == BAD]
        self._until("Flagger has rolled every bad version back", lambda: all(c.now.phase == "Failed" for c in wanted), 420)
        return [_rolled_back(canary, self.rate) for canary in wanted]

    def judging(self, version: str) -> None:
        """Both judge a good version, and have seen numbers of it."""
        good = [canary for canary in self.flagger.canaries.values() if canary.scene != BAD]
        self._until("Flagger judges the good version", lambda: all(c.now.share >= 2 for c in good), 420)
        self._until("Andon judges it", lambda: self._sees(version), 120)

    def ill(self, trouble: Trouble, version: str) -> tuple[Window, Result]:
        """Prometheus is ill for a while: when, and what Andon made of it."""
        self._until("Andon sees", lambda: self._sees(version), 120)
        self.say(f"{trouble.name}: Prometheus is ill for {trouble.seconds:.0f} s")
        said, began = [], time.time()
        with (
            self.weather.ill(trouble.illness, f"default-{trouble.name}"),
            self.weather.ill(trouble.illness, "andon", f"fastest-{trouble.name}"),
        ):
            while time.time() - began < trouble.seconds:
                said += [one for one in [self.andon.world.condition("driftpolicy")] if one not in said]
                time.sleep(_LOOK)
        return Window(trouble, began, time.time()), self._andon_on(trouble, version, said)

    def flagger_on(self, windows: Sequence[Window]) -> list[Result]:
        """What became of Flagger's, once the look after the last illness is over."""
        settled = max((window.ended for window in windows), default=0.0) + _LAST_LOOK
        self._until("Flagger has looked once more", lambda: time.time() > settled, _LAST_LOOK + 10)
        of = {(canary.scene, canary.setting): canary for canary in self.flagger.canaries.values()}
        return [
            _after(of[window.trouble.name, setting], window)
            for window in windows
            for setting in SETTINGS
            if (window.trouble.name, setting) in of
        ]

    def _sees(self, version: str) -> bool:
        """Andon has the version as a candidate, and sees how it does."""
        seen = not self.andon.world.condition("driftpolicy").startswith("Unknown")
        return seen and self.andon.is_candidate(version)

    def _andon_on(self, trouble: Trouble, version: str, said: Sequence[str]) -> Result:
        decision = self.andon.rolled_back(version)
        kept = decision is None and self.andon.is_candidate(version)
        did = f"kept, {said[-1].partition('/')[2]}" if kept else "rolled back" if decision else "took it out"
        self.say(f"Andon, {trouble.name}: {did}; its policy said {', then '.join(said)}")
        return {"who": "andon", "scene": trouble.name, "setting": "", "did": did, "said": list(said), "falseRollback": not kept}

    def _until(self, what: str, holds: Callable[[], bool], within: float) -> None:
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                seen = {name: (c.now.phase, c.now.share) for name, c in self.flagger.canaries.items()}
                raise LateError(f"{what}: not within {within:.0f} s; Flagger's: {seen}")
            time.sleep(_LOOK)


def _rolled_back(canary: Canary, rate: float) -> Result:
    """From its first row to the end of it. Rows are dealt by the share that the route gave."""
    first = next(seen.at for seen in canary.seen if seen.share > 0)
    ended = next(seen.at for seen in canary.seen if seen.at > first and seen.share == 0)
    seen = [one for one in canary.seen if first <= one.at <= ended]
    rows = sum((then.at - now.at) * rate * now.share / 100 for now, then in pairwise(seen))
    return {"who": "flagger", "scene": BAD, "setting": canary.setting, "seconds": ended - first, "badRows": round(rows)}


def _after(canary: Canary, window: Window) -> Result:
    """What a canary came to that nothing was wrong with."""
    failed = any(seen.phase == "Failed" and seen.at >= window.began for seen in canary.seen)
    before, after = canary.at(window.began).share, canary.at(window.ended).share
    did = "rolled back" if failed else "held" if before == after else f"went on, {before} % to {after} %"
    scene = window.trouble.name
    return {"who": "flagger", "scene": scene, "setting": canary.setting, "did": did, "falseRollback": failed}
