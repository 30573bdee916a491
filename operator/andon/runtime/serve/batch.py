"""How do many small requests become one run of the model? All that arrive in one tick of the event loop run as one batch.

Nobody waits for company: the batch runs at the end of the tick in which its first request came.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from andon.runtime.serve.model import Array, ModelFailedError, OnnxModel

Done = Callable[[list[Array] | ModelFailedError], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    feeds: Mapping[str, Array]
    done: Done

    @property
    def rows(self) -> int:
        return len(next(iter(self.feeds.values())))


class Batcher:
    """One for all connections of an event loop."""

    def __init__(self) -> None:
        self._waiting: dict[OnnxModel, list[_Waiting]] = {}

    def submit(self, model: OnnxModel, feeds: Mapping[str, Array], done: Done) -> None:
        """Run feeds that fit the model; done is called with the outputs or with why there are none, soon but never at once."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run_all)
        self._waiting.setdefault(model, []).append(_Waiting(feeds, done))

    def _run_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for model, requests in waiting.items():
            if len(requests) == 1 or not _joinable(model, requests) or not self._run_joined(model, requests):
                for request in requests:
                    _run_alone(model, request)

    @staticmethod
    def _run_joined(model: OnnxModel, requests: list[_Waiting]) -> bool:
        """Whether one run answered them all; if not, none was answered, so that one request cannot fail another."""
        rows = [request.rows for request in requests]
        try:
            outputs = model.run({t.name: np.concatenate([r.feeds[t.name] for r in requests]) for t in model.inputs})
        except ModelFailedError:
            return False
        if any(len(output) != sum(rows) for output in outputs):
            return False
        ends = np.cumsum(rows).tolist()
        for request, start, end in zip(requests, [0, *ends], ends, strict=False):
            request.done([output[start:end] for output in outputs])
        return True


def _joinable(model: OnnxModel, requests: list[_Waiting]) -> bool:
    """Whether only the first dimension differs, and the model lets it."""
    shapes = {tuple(array.shape[1:] for array in request.feeds.values()) for request in requests}
    rows = {len(array) for request in requests for array in request.feeds.values()}
    return model.batches and len(shapes) == 1 and (len(model.inputs) == 1 or len(rows) == 1)


def _run_alone(model: OnnxModel, request: _Waiting) -> None:
    try:
        outputs = model.run(request.feeds)
    except ModelFailedError as error:
        request.done(error)
    else:
        request.done(outputs)
