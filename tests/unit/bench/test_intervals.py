import math

import pytest

from bench.decisions.intervals import Share


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        pytest.param(0, 300, 0.0, 0.01222, id="none of 300: at most 1.2 %, the rule of three for a two-sided interval"),
        pytest.param(300, 300, 0.98778, 1.0, id="all of 300"),
        pytest.param(5, 10, 0.18709, 0.81291, id="the textbook's 5 of 10"),
    ],
)
def test_the_interval_is_clopper_and_pearsons(k, n, low, high):
    share = Share(k, n)
    assert share.low == pytest.approx(low, abs=1e-4)
    assert share.high == pytest.approx(high, abs=1e-4)


def test_a_share_of_nothing_is_not_a_number():
    assert math.isnan(Share(0, 0).value)
