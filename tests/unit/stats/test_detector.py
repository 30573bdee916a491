"""Something begins to be at fault, and ends again; what is sound is seldom accused."""

from math import log

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.stats.detector import AT_FAULT, Detector

NAN = np.nan
CELLS, BLOCKS = 400, 800
shares = st.lists(st.sampled_from([0.0, 0.05, 0.5, 1.0, NAN]), min_size=1, max_size=40)


def after(*blocks, detector=None):
    """One cell after these shares, the first at time 0."""
    one = detector or Detector.begin(1)
    for time, share in enumerate(blocks):
        one.close(np.array([share]), np.array([float(time) if share > 0 else NAN]))
    return one


SOUND = {
    "one row in twenty, always": lambda rng: np.full(CELLS, 0.05),
    "all of every twentieth block": lambda rng: (rng.random(CELLS) < 0.05).astype(float),
    "half of every tenth": lambda rng: 0.5 * (rng.random(CELLS) < 0.1),
    "rows on their own": lambda rng: rng.binomial(20, 0.05, CELLS) / 20,
    "anything between": lambda rng: rng.beta(0.05, 0.95, CELLS),
}


@pytest.mark.parametrize("kind", SOUND)
def test_what_is_sound_is_accused_no_more_often_than_once_in_as_many_blocks_as_the_e_value_says(kind):
    """Mean run length until log e reaches log 100; runs are cut at 800 blocks, which can only make the mean smaller."""
    rng, detector, length = np.random.default_rng(3), Detector.begin(CELLS), np.full(CELLS, BLOCKS)
    for block in range(BLOCKS):
        share = SOUND[kind](rng)
        detector.close(share, np.where(share > 0, float(block), NAN))
        length = np.where(detector.log_e >= log(100), np.minimum(length, block + 1), length)
    assert length.mean() >= 100


def test_what_is_all_at_fault_is_known_within_three_blocks_however_long_it_was_sound():
    detector = after(*[0.0] * 5000, 1.0, 1.0)
    assert not detector.at_fault.any()
    assert after(1.0, detector=detector).at_fault.all()


def test_it_is_at_fault_until_the_second_quiet_block_in_a_row():
    detector = after(*[1.0] * 10, 0.0, 1.0, 0.0)
    assert detector.at_fault.all()
    assert after(0.0, detector=detector).log_e[0] < 0
    assert not detector.at_fault.any()


def test_it_stays_at_fault_while_its_e_value_is_lower_but_not_gone():
    detector = after(*[1.0] * 3, *[0.04] * 40)
    assert 0 < detector.log_e[0] < AT_FAULT
    assert detector.at_fault.all()


def test_the_first_bad_time_is_that_of_the_episode():
    assert after(0.0, 1.0, 1.0).first_bad == [1.0]
    assert after(0.0, 1.0, 0.0, 1.0).first_bad == [1.0]
    assert np.isnan(after(0.0, 1.0, 0.0, 0.0).first_bad).all()
    assert after(0.0, 1.0, 0.0, 0.0, 1.0).first_bad == [4.0]


@given(shares, st.lists(st.booleans(), max_size=20))
def test_a_block_that_says_nothing_changes_nothing(blocks, silences):
    detector, same = after(*blocks), after(*blocks)
    for _ in silences:
        detector.close(np.array([NAN]), np.array([NAN]))
    assert detector.state() == same.state()


@settings(max_examples=50)
@given(shares, st.integers(0, 40))
def test_a_restart_between_any_two_blocks_changes_nothing(blocks, cut):
    whole, half = after(*blocks), after(*blocks[:cut])
    again = Detector.restore(orjson.loads(orjson.dumps(half.state())))
    for time, share in list(enumerate(blocks))[cut:]:
        again.close(np.array([share]), np.array([float(time) if share > 0 else NAN]))
    assert again.state() == whole.state()
    assert np.array_equal(again.at_fault, whole.at_fault)
