"""Only a Good, finite number is a value; everything else is null with its code."""

import math

import pytest

from andon.runtime.collect.records import BAD_OUT_OF_RANGE, BAD_TYPE_MISMATCH, overflowed, reading

UNCERTAIN, BAD, GOOD_WITH_OVERFLOW = 0x40900000, 0x808C0000, 0x00000480


@pytest.mark.parametrize(
    ("value", "status", "becomes"),
    [
        pytest.param(1.5, 0, (1.5, 0), id="a good number is itself"),
        pytest.param(7, 0, (7.0, 0), id="a whole number is a number"),
        pytest.param(True, 0, (1.0, 0), id="a switch is 0 or 1"),
        pytest.param(1.5, GOOD_WITH_OVERFLOW, (1.5, GOOD_WITH_OVERFLOW), id="notes in the low half do not make it bad"),
        pytest.param(1.5, UNCERTAIN, (None, UNCERTAIN), id="an uncertain value is no value"),
        pytest.param(None, BAD, (None, BAD), id="a bad value keeps its code"),
        pytest.param("open", 0, (None, BAD_TYPE_MISMATCH), id="a text is no number"),
        pytest.param(None, 0, (None, BAD_TYPE_MISMATCH), id="a good nothing is no number"),
        pytest.param(math.nan, 0, (None, BAD_OUT_OF_RANGE), id="not-a-number is no number"),
        pytest.param(math.inf, 0, (None, BAD_OUT_OF_RANGE), id="infinity is no number"),
    ],
)
def test_reading(value, status, becomes):
    assert reading(value, status) == becomes


def test_the_servers_overflow_mark_is_seen():
    assert overflowed(GOOD_WITH_OVERFLOW)
    assert not overflowed(0x00000400)
