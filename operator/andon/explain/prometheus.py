"""How did the evidence grow, as Prometheus remembers it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from andon.api.missing import Missing
from andon.explain.fetch import TIMEOUT, fetched
from andon.explain.recorded import Recorded, recorded

_POINTS: Final = 240
"""Points of a line: more than a plot is wide are not seen."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which evidence: of one deployment, these questions and, if given, of this revision (12 hex digits) and these subjects.

    All of them are names of the API or of docs/wire.md, so that none can change the query.
    """

    namespace: str
    deployment: str
    questions: tuple[str, ...]
    begin: datetime
    end: datetime
    revision: str | None = None
    subjects: tuple[str, ...] = ()

    @property
    def step(self) -> float:
        """Seconds between two points."""
        return max(1.0, (self.end - self.begin).total_seconds() / _POINTS)

    @property
    def query(self) -> str:
        """As Prometheus reads it."""
        labels = {"namespace": self.namespace, "deployment": self.deployment, "question": "|".join(self.questions)}
        if self.revision:
            labels["revision"] = self.revision
        if self.subjects:
            labels["subject"] = "|".join(self.subjects)
        inner = ",".join(f'{name}=~"{value}"' for name, value in labels.items())
        return f'{{__name__=~"andon_evidence_(log_e|value)",{inner}}}'


def remembered(address: str | None, ask: Ask, timeout: float = TIMEOUT) -> Recorded | Missing:
    """What it has; None as an address: nobody named one. timeout: seconds."""
    if not address:
        return Missing("Unreachable", "no Prometheus was named. Next: --prometheus URL, or set ANDON_PROMETHEUS.")
    asked = {"query": ask.query, "start": ask.begin.timestamp(), "end": ask.end.timestamp(), "step": ask.step}
    answer = fetched(f"{address.rstrip('/')}/api/v1/query_range", asked, timeout)
    if isinstance(answer, Missing):
        return answer
    try:
        return recorded(answer["data"]["result"], ask.begin, ask.end, ask.step)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Missing("Malformed", f"{address} did not answer as Prometheus does. Next: check the address.")
