"""Which revision answers a request, and what if it cannot? The same for every transport.

The stable answers; of a candidate with a weight, its share: sticky by asset, evenly dealt where no asset is named. What the
candidate fails to answer the stable answers for it. A version asked for by its number answers itself or not at all.
"""

import logging
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final, NamedTuple

from andon.runtime.serve.batch import Batcher, BrokenError, Outcome
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.model import Array, InputRefusedError, ModelFailedError
from andon.runtime.serve.oip.fit import Inference, fit
from andon.runtime.serve.oip.message import BusyError, Message, RequestError, listed
from andon.runtime.serve.slots.lineup import Lineup
from andon.runtime.serve.slots.loading import Loaded
from andon.runtime.serve.split import Split

log = logging.getLogger(__name__)

CALM: Final = 10.0
"""Seconds since a version last failed, after which one that answers does so again."""

_ITS_OWN_FAULT: Final = 500


class Answer(NamedTuple):
    """What the model says, and which revision said it. results: in the order of the model's outputs."""

    inference: Inference
    loaded: Loaded
    results: list[Array]


Reply = Callable[[Answer | RequestError, Loaded], None]


class Answering:
    """name: the deployment's, which is the model's name for clients."""

    def __init__(self, name: str, lineup: Lineup, metrics: Metrics) -> None:
        self.name = name
        self._lineup = lineup
        self._metrics = metrics
        self._batcher = Batcher()
        self._split = Split(0)

    def check_name(self, name: str) -> None:
        """Raises RequestError."""
        if name != self.name:
            raise RequestError(404, f"there is no model {name[:200]!r} here; this server has {self.name!r}")

    @property
    def loaded(self) -> dict[str, Loaded]:
        """What can be asked by its version: of two of one version the stable first, then the candidate."""
        slots = (self._lineup.reference, self._lineup.candidate, self._lineup.stable)
        return {loaded.slot.version: loaded for loaded in slots if loaded}

    @property
    def versions(self) -> list[str]:
        """All that can be asked, the lowest first."""
        return sorted(self.loaded, key=int)

    def serving(self, name: str, version: str | None) -> Loaded:
        """The revision that a client means. Raises RequestError for another name or version, or before there is any."""
        self.check_name(name)
        if version is None and self._lineup.stable is None:
            raise RequestError(503, f"no revision of {name!r} is loaded yet; see /slots for why")
        found = self._lineup.stable if version is None else self.loaded.get(version)
        if found is None:
            raise RequestError(404, f"version {str(version)[:20]!r} is not loaded; loaded are {listed(self.versions)}")
        return found

    def ready(self, name: str, version: str | None) -> bool:
        """Whether the wanted revision answers, or the one of that version. Raises RequestError for another name."""
        self.check_name(name)
        return self._lineup.ready if version is None else version in self.loaded

    def submit(self, message: Message, name: str, version: str | None, reply: Reply) -> None:
        """Answer soon. Raises RequestError for what cannot be asked; later trouble comes as a reply."""
        named = self.serving(name, version)
        chosen = named if version is not None else self._dealt(named, message.asset)
        self._ask(fit(message, chosen.model), chosen, named if chosen is not named else None, reply)

    def _ask(self, inference: Inference, loaded: Loaded, heir: Loaded | None, reply: Reply) -> None:
        """heir: who answers instead if it fails."""

        def done(outcome: Outcome) -> None:
            if isinstance(outcome, list):
                loaded.record.answered += 1
                if loaded.record.failed_at is not None:
                    _see_whether_over(loaded)
                reply(Answer(inference, loaded, outcome), loaded)
                return
            self._metrics.fallbacks += 1
            if heir:
                self._ask(inference, heir, None, partial(told_by_heir, outcome))
                return
            error = _refusal(inference, loaded, outcome)
            if error.status == _ITS_OWN_FAULT:
                _failed(loaded, outcome)
            reply(error, loaded)

        def told_by_heir(failure: ModelFailedError, result: Answer | RequestError, instead: Loaded) -> None:
            """What neither could answer was the request's fault."""
            if isinstance(result, Answer):
                _failed(loaded, failure)
            reply(result, instead)

        try:
            self._batcher.submit(loaded.model, inference.feeds, inference.rows, done, [place for place, _ in inference.outputs])
        except BusyError as error:
            if heir:
                self._ask(inference, heir, None, reply)
            else:
                reply(error, loaded)

    def _dealt(self, stable: Loaded, asset: str | None) -> Loaded:
        """Whose turn it is."""
        candidate, weight = self._lineup.candidate, self._lineup.weight
        if candidate is None or not weight:
            return stable
        if self._split.weight != weight:
            self._split = Split(weight)
        theirs = self._split.for_asset(asset) if asset is not None else self._split.for_request()
        return candidate if theirs else stable


def _failed(loaded: Loaded, failure: ModelFailedError) -> None:
    """By its own fault. The first time, and after a calm, the log says so: not for each of thousands."""
    loaded.record.failed += 1
    if loaded.record.failed_at is None:
        log.warning("version %s fails: %s", loaded.slot.version, str(failure)[:1000])
    loaded.record.failed_at = monotonic()


def _see_whether_over(loaded: Loaded) -> None:
    record = loaded.record
    if record.failed_at is not None and monotonic() - record.failed_at > CALM:
        record.failed_at = None
        log.info("version %s answers again; %d of its %d requests failed", loaded.slot.version, record.failed, record.asked)


def _refusal(inference: Inference, loaded: Loaded, error: ModelFailedError) -> RequestError:
    """Whose fault it is: the client's where ONNX Runtime says so, what was given was no number, or others were answered."""
    theirs = isinstance(error, InputRefusedError) or not inference.finite() or loaded.model.proven
    if isinstance(error, BrokenError) or not theirs:
        return RequestError(_ITS_OWN_FAULT, f"version {loaded.slot.version} failed: {error}"[:1000])
    check = "check that the shapes of inputs fit each other, and that values are such as it was made for"
    return RequestError(400, f"version {loaded.slot.version} cannot answer this: {str(error)[:800]}; {check}")
