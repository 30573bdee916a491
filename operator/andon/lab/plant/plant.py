"""What does the plant measure at each tick, and how far is it? Survives a restart of the plant's process.

XMEAS_38 is a laboratory's analysis: it is known five rows late, under the time the sample was taken.
"""

import json
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from andon.lab.plant.recordings import TAGS
from andon.lab.plant.replay import Replay
from andon.lab.plant.sensors import Ill, Illness, Reading, Sensors

LABORATORY: Final = "XMEAS_38"
LABORATORY_DELAY_ROWS: Final = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """One value of one tag. source_ms: when it was so, Unix milliseconds."""

    tag: str
    source_ms: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Tick:
    """All that is new at one time. settling: a seam between two recordings is near, and values may jump."""

    time_ms: int
    settling: bool
    run: int
    measured: tuple[Measured, ...]


class Plant:
    """The process and its sensors."""

    def __init__(self) -> None:
        self.replay = Replay()
        self.sensors = Sensors(TAGS)
        self._samples: deque[tuple[int, float]] = deque()

    def tick(self, time_ms: int) -> Tick:
        """Go on by one row; what is measured."""
        shown = self.replay.next()
        truth = {tag: (time_ms, float(value)) for tag, value in zip(TAGS, shown.values, strict=True)}
        self._samples.append(truth.pop(LABORATORY))
        if len(self._samples) > LABORATORY_DELAY_ROWS:
            truth[LABORATORY] = self._samples.popleft()
        readings = ((tag, source_ms, self.sensors.read(tag, value)) for tag, (source_ms, value) in truth.items())
        measured = tuple(Measured(tag, source_ms, reading) for tag, source_ms, reading in readings if reading is not None)
        return Tick(time_ms, shown.settling, shown.run, measured)

    def normal(self) -> None:
        """No process fault, all sensors well."""
        self.replay.switch(0)
        self.sensors.heal()

    def state(self) -> dict[str, Any]:
        """Fault, rows shown, settling rows left, ill sensors: as JSON."""
        return {
            "fault": self.replay.fault,
            "rows": {str(fault): at for fault, at in self.replay.at.items()},
            "settling": self.replay.settling,
            "sensors": {tag: asdict(illness) for tag, illness in self.sensors.ill.items()},
        }

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        hidden = path.with_name(f".{path.name}.tmp")
        hidden.write_text(json.dumps(self.state()))
        hidden.replace(path)

    def restore(self, path: Path) -> None:
        """Go on where a plant that saved its state ended, if one did."""
        if not path.exists():
            return
        state = json.loads(path.read_text())
        self.replay.fault = state["fault"]
        self.replay.at = {int(fault): at for fault, at in state["rows"].items()}
        self.replay.settling = state["settling"]
        for tag, illness in state["sensors"].items():
            self.sensors.make(tag, Illness(Ill(illness["ill"]), illness["amount"]))
