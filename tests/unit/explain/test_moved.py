"""The tags in which a movement of the plant shows, by what is remembered of the last blocks."""

from datetime import UTC, datetime

import pytest

from andon.explain.moved import MOST, Usual, moved

BEGIN, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 1, tzinfo=UTC)
BEFORE = [0.0, 1.0, -1.0, 1.0, -1.0, 0.0]


def history(before=6, **tags):
    """A block per minute, of which so many lie before the movement."""
    times = [BEGIN.timestamp() + 60 * (i - before) for i in range(before + 3)]
    return {"times": times, "tags": {tag: {"values": values} for tag, values in tags.items()}}


def test_the_farthest_comes_first_and_what_stayed_is_not_named():
    remembered = history(quiet=[*BEFORE, 0.5, 0.0, 1.0], far=[*BEFORE, 90, 90, 90], near=[*BEFORE, 9, 9, 9])
    assert moved(remembered, BEGIN, END) == ("far", "near")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param([2.0] * 6 + [2.5] * 3, True, id="stood still and moved"),
        pytest.param([2.0] * 9, False, id="never moved"),
        pytest.param([None] * 6 + [2.5] * 3, False, id="was not there before"),
        pytest.param([*BEFORE, None, None, None], False, id="is not there now"),
        pytest.param([*BEFORE[:5], None, None, 9, 9], True, id="lacks a few"),
    ],
)
def test_one_tag(values, named):
    assert moved(history(a=values), BEGIN, END) == (("a",) if named else ())


def test_by_the_reference_no_block_from_before_is_needed():
    usual = {tag: Usual.of_reference(10.0, 2.0) for tag in ("far", "near", "quiet")}
    remembered = history(before=0, far=[90, 90, 90], near=[13, 13, 13], quiet=[11, 9, 11], unknown=[1, 1, 1])
    assert moved(remembered, BEGIN, END, usual) == ("far", "near")


def test_later_blocks_do_not_count():
    assert moved(history(a=[*BEFORE, 9, 9, 9]), BEGIN, BEGIN.replace(year=2025)) == ()


def test_without_blocks_from_before_nothing_is_named():
    assert moved(history(before=4, a=[0, 1, 0, 1, 9, 9, 9]), BEGIN, END) == ()
    assert moved({}, BEGIN, END) == ()


def test_no_more_are_named_than_are_read():
    assert len(moved(history(**{f"t{i}": [*BEFORE, 9, 9, 9] for i in range(MOST + 3)}), BEGIN, END)) == MOST
