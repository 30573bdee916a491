"""Which moment does a person mean, and which row was scored then?"""

import re
from datetime import datetime, timedelta
from typing import Final

from andon.api.errors import UserError
from andon.api.types import DURATION_PATTERN, TIME_PATTERN, delta

_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(\.[0-9]{1,6})?)?")


def moment(text: str, now: datetime) -> datetime:
    """`2026-11-22T12:03:00Z`, `12:03:00` (today, in the time zone of `now`), or `-5m` (ago). Raises UserError for another."""
    found = _read(text, now)
    if found is None:
        raise UserError(f"{text!r} is no time; write 2026-11-22T12:03:00Z, 12:03:00 (today, here) or -5m (ago)")
    if found > now:
        raise UserError(f"{found:%Y-%m-%d %H:%M:%S %Z} lies ahead: a prediction is explained once it is made")
    return found


def _read(text: str, now: datetime) -> datetime | None:
    if re.fullmatch(TIME_PATTERN, text):
        return datetime.fromisoformat(text)
    if text.startswith("-") and re.fullmatch(DURATION_PATTERN, text[1:]):
        return now - delta(text[1:])
    clock = _OF_DAY.fullmatch(text)
    if clock is None:
        return None
    hour, minute, second, fraction = clock.groups()
    micro = round(float(fraction or 0) * 1e6)
    return now.replace(hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=micro)


def row_at(at: datetime, every: str) -> int:
    """The newest row of this clock at that moment, as its milliseconds: rows stand at each multiple of `every`."""
    period = delta(every) // timedelta(milliseconds=1)
    return round(at.timestamp() * 1000) // period * period
