"""What is one value of one tag, and when may it be believed?

One rule for every driver: a value that is not Good is null with its code, never the last value.
"""

import math
from typing import Final, NamedTuple

BAD_NODE_ID_INVALID: Final = 0x80330000
BAD_NODE_ID_UNKNOWN: Final = 0x80340000
BAD_OUT_OF_RANGE: Final = 0x803C0000
BAD_TYPE_MISMATCH: Final = 0x80740000

_OVERFLOW: Final = 0x0480  # info type DataValue with the overflow bit: the server's queue lost values before this one


class Record(NamedTuple):
    """One value of one tag. Times are Unix microseconds; status is an OPC UA StatusCode, value is None unless that is Good."""

    tag: str
    source_us: int
    server_us: int
    received_us: int
    value: float | None
    status: int


def is_good(status: int) -> bool:
    """Whether the severity is Good: the two highest bits. The low half only carries notes, such as limits."""
    return status >> 30 == 0


def overflowed(status: int) -> bool:
    """Whether the server says that its queue lost values before this one."""
    return status & _OVERFLOW == _OVERFLOW


def reading(value: object, status: int) -> tuple[float | None, int]:
    """A driver's value as a number with its code: (None, code) when it is not Good, not a number or not finite."""
    if not is_good(status):
        return None, status
    if not isinstance(value, (int, float)):
        return None, BAD_TYPE_MISMATCH
    number = float(value)
    return (number, status) if math.isfinite(number) else (None, BAD_OUT_OF_RANGE)
