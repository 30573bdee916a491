"""How do many small requests become one run of the model? All that arrive in one tick of the event loop run as one batch.

Nobody waits for company: the batch runs at the end of the tick in which its first request came. A model that takes long runs in a
thread, so that the loop goes on answering; what comes meanwhile is the next batch. What would have to wait too long is refused.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from sys import getsizeof
from time import perf_counter
from typing import Final, NamedTuple

import numpy as np

from andon.runtime.serve.model import Array, ModelFailedError, OnnxModel
from andon.runtime.serve.oip.message import BusyError
from andon.runtime.serve.trial import finite

log = logging.getLogger(__name__)

MOST_WAITING_ROWS: Final = 1 << 16
MOST_WAITING_BYTES: Final = 16 << 20
"""Of all that waits or runs, whichever model it is for: few rows may be wide."""

LONGEST_WAIT: Final = 5.0
"""Seconds that what waits already may take at the model's pace; beyond it a request is told to come again."""

MOST_ROWS_AT_ONCE: Final = 4096
LONGEST_RUN: Final = 0.1
"""Seconds after which those who are done should not wait for those who are not."""

LONGEST_ON_LOOP: Final = 0.005
"""Seconds for which a run may keep the event loop; a longer one gets a thread, whose hand-over costs a tenth of a millisecond."""


class BrokenError(ModelFailedError):
    """It was not the model: the server itself failed, which is a defect."""


Outcome = list[Array] | ModelFailedError
Done = Callable[[Outcome], None]


class _Waiting(NamedTuple):
    feeds: Mapping[str, Array]
    rows: int
    size: int
    done: Done
    asked: Sequence[int]


class _Lane:
    """What waits for one model, and how many rows that is with those under way."""

    __slots__ = ("rows", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.rows = 0

    def check_room(self, rows: int, pace: float) -> None:
        """Raises BusyError. Whoever is alone is let in, however large."""
        if self.rows and (self.rows + rows > MOST_WAITING_ROWS or self.rows * pace > LONGEST_WAIT):
            raise BusyError(f"{self.rows} rows are waiting for the model; ask again later", ceil(self.rows * pace))

    def take(self, most: int) -> list[_Waiting]:
        """The next of so many rows, one at least."""
        batch = [self.waiting.popleft()]
        rows = batch[0].rows
        while self.waiting and (rows := rows + self.waiting[0].rows) <= most:
            batch.append(self.waiting.popleft())
        return batch


class Batcher:
    """One for all transports of an event loop."""

    def __init__(self) -> None:
        self._lanes: dict[OnnxModel, _Lane] = {}
        self._held = 0
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(3, "model")

    def submit(self, model: OnnxModel, feeds: Mapping[str, Array], rows: int, done: Done, asked: Sequence[int] = ()) -> None:
        """Run feeds that fit the model; done is called with the outputs or with why there are none, soon but never at once.

        asked: the outputs whose numbers must be finite, by their places; empty: all. Raises BusyError when too much is waiting.
        """
        size = sum(map(_size, feeds.values()))
        if self._held and self._held + size > MOST_WAITING_BYTES:
            raise BusyError(f"{self._held} bytes are waiting for the model; ask again later")
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = _Lane()
            self._loop.call_soon(self._run, model)
        lane.check_room(rows, model.pace)
        lane.waiting.append(_Waiting(feeds, rows, size, done, asked))
        lane.rows += rows
        self._held += size

    def _run(self, model: OnnxModel) -> None:
        lane = self._lanes[model]
        batch = lane.take(min(MOST_ROWS_AT_ONCE, int(LONGEST_RUN / model.pace)))
        if sum(request.rows for request in batch) * model.pace <= LONGEST_ON_LOOP:
            self._tell(model, batch, run(model, batch))
            return
        running = self._loop.run_in_executor(self._threads, run, model, batch)
        running.add_done_callback(lambda ran: self._tell(model, batch, ran.result()))

    def _tell(self, model: OnnxModel, batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        lane = self._lanes[model]
        for request, outcome in zip(batch, outcomes, strict=True):
            lane.rows -= request.rows
            self._held -= request.size
            request.done(outcome)
        if lane.waiting:
            self._loop.call_soon(self._run, model)
        else:
            del self._lanes[model]


def _size(values: Array) -> int:
    """Bytes, of texts as Python holds them."""
    return values.nbytes + sum(map(getsizeof, values.flat)) if values.dtype.kind == "O" else values.nbytes


def run(model: OnnxModel, batch: Sequence[_Waiting]) -> list[Outcome]:
    """What each request is answered. One that fails takes no other with it."""
    began = perf_counter()
    try:
        outcomes = _joined(model, batch) if len(batch) > 1 and _alike(model, batch) else None
        outcomes = outcomes or [_alone(model, request) for request in batch]
    except Exception as error:
        log.exception("a batch failed")
        outcomes = [BrokenError(repr(error))] * len(batch)
    took = (perf_counter() - began) / sum(request.rows for request in batch)
    model.pace = min(max(took, 1e-9), 2 * model.pace)  # one run that another process held up says little of the next
    return outcomes


def _alike(model: OnnxModel, batch: Sequence[_Waiting]) -> bool:
    """Whether only the first dimension differs, and the model lets it."""
    if not model.batches:
        return False
    shapes = {tuple(array.shape[1:] for array in request.feeds.values()) for request in batch}
    return len(shapes) == 1 and all(len(array) == r.rows for r in batch for array in r.feeds.values())


def _joined(model: OnnxModel, batch: Sequence[_Waiting]) -> list[Outcome] | None:
    """What one run answers them all; None if it fails, so that one request cannot fail another."""
    try:
        outputs = model.run({t.name: np.concatenate([r.feeds[t.name] for r in batch]) for t in model.inputs})
    except ModelFailedError:
        return None
    ends = np.cumsum([request.rows for request in batch]).tolist()
    if any(len(output) != ends[-1] for output in outputs):
        return None
    parts = [[output[start:end] for output in outputs] for start, end in zip([0, *ends], ends, strict=False)]
    return list(parts) if finite(outputs) else [_checked(model, r, part) for r, part in zip(batch, parts, strict=True)]


def _alone(model: OnnxModel, request: _Waiting) -> Outcome:
    try:
        return _checked(model, request, model.run(request.feeds))
    except ModelFailedError as error:
        return error


def _checked(model: OnnxModel, request: _Waiting, outputs: list[Array]) -> Outcome:
    """What nobody asked for fails nobody."""
    asked = request.asked or range(len(outputs))
    bad = next((model.outputs[place].name for place in asked if not finite([outputs[place]])), None)
    if bad is not None:
        return ModelFailedError(f"it answered a number that is not finite in output {bad!r}")
    model.proven = True
    return outputs
