"""Which one number does a user's own PromQL give, and how old is it?

Prometheus keeps the time of a sample only for a plain selector (`scrap_share{line="a"}`, in parentheses or not): its reading is
as old as its scrape. What is computed (`sum(…)`, `rate(…[5m])`) carries the time of the evaluation: its age is the window
that the query names, and what is no longer scraped drops out of it as Prometheus has it, at once or after five minutes.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from andon.api.evidence import Reading
from andon.api.missing import Missing

_SAMPLED: Final = "andon_sampled"
_NOTHING: Final = (
    "Next: check its metric and labels, that they are scraped, and that no comparison (`>`) drops what does not hold: "
    "the limits are `fire` and `clear`."
)
_MANY: Final = "Next: say which by labels, or make one of them by max(), sum() or avg()."


def question(query: str) -> str:
    """The query and the times of its samples as one request: between two a scrape may land.

    On lines of its own, so that a comment at the end of it ends there.
    """
    return f'(\n{query}\n) or label_replace(timestamp((\n{query}\n)), "{_SAMPLED}", "yes", "", "")'


def reading(result: Sequence[Mapping[str, Any]], query: str) -> Reading | Missing:
    """The answer to `question(query)`: one number with its time, or why there is none.

    Raises LookupError, TypeError, ValueError or AttributeError when it is no instant vector, or one without times.
    """
    times = [entry for entry in result if _SAMPLED in entry["metric"]]
    series = [entry for entry in result if _SAMPLED not in entry["metric"]]
    if not series:
        return Missing("NoSeries", f"{_named(query)} has no result. {_NOTHING}")
    if len(series) > 1:
        return Missing("ManySeries", f"{_named(query)} gives {len(series)} series. {_MANY}")
    if "histogram" in series[0]:
        return Missing("NotANumber", f"{_named(query)} gives a histogram. Next: ask for a number, as by histogram_quantile().")
    value = float(series[0]["value"][1])
    if not math.isfinite(value):
        return Missing("NotANumber", f"{_named(query)} is {value}. Next: see whether it divides by zero.")
    return Reading(value, datetime.fromtimestamp(float(times[0]["value"][1]), UTC))


def refused(query: str, said: Missing) -> Missing:
    """The same refusal with the query named, since it is the query that is wrong."""
    return Missing("BadQuery", f"{_named(query)} cannot be answered: {said.detail}")


def _named(query: str) -> str:
    text = " ".join(query.split())
    return f"`{text[:120]}{'…' if len(text) > 120 else ''}`"
