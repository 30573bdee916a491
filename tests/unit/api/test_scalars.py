"""Scalars mean what they say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from andon.api.types import DURATION_PATTERN, Duration, Time, bytes_of, delta, number, quantity, seconds

TIME = TypeAdapter(Time)


@pytest.mark.parametrize(("text", "length"), [("200ms", 0.2), ("30s", 30), ("1h30m", 5400), ("7d", 604_800)])
def test_durations(text, length):
    assert seconds(text) == pytest.approx(length)


@pytest.mark.parametrize("text", ["", "5", "5 m", "0s", "05m", "-5m", "1.5h", "5m\n", "PT5M", "٥m"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="write for example"):
        seconds(text)
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(text)


@given(st.from_regex(DURATION_PATTERN, fullmatch=True).filter(lambda text: len(text) <= 32 and not text.endswith("\n")))
def test_every_duration_can_be_added_to_and_taken_from_now(text):
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert now - delta(text) < now < now + delta(text)


@pytest.mark.parametrize(("text", "value"), [("0.10", "0.1"), ("-3", "-3"), ("256Mi", str(256 * 1024**2)), ("1Ti", str(1024**4))])
def test_quantities(text, value):
    assert quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "1e3", "1M", ".5", "1 Mi", "NaN"])
def test_what_is_no_quantity(text):
    with pytest.raises(ValueError, match="write for example"):
        quantity(text)


def test_sizes_and_numbers():
    assert (bytes_of("2Ki"), number("0.25")) == (2048, 0.25)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)))
def test_times_keep_their_microseconds(moment):
    assert TIME.validate_json(TIME.dump_json(moment)) == moment


def test_times_of_other_zones_are_written_in_utc():
    assert TIME.dump_python(TIME.validate_python("2026-12-01T06:00:00+02:00")) == "2026-12-01T04:00:00.000000Z"


@pytest.mark.parametrize(
    "text", ["2026-12-01", "2026-12-01T06:00:00", "2026-02-30T06:00:00Z", "20261201T060000Z", "2026-12-01T06:00:00Z\n"]
)
def test_what_is_no_time(text):
    with pytest.raises(ValidationError):
        TIME.validate_python(text)


def test_a_time_without_a_zone_is_no_instant():
    with pytest.raises(ValidationError):
        TIME.validate_python(datetime(2026, 12, 1) + timedelta())
