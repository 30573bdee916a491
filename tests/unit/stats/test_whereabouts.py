"""Labels come late, and each finds the regime of its row."""

import numpy as np

from andon.api.evidence import UNKNOWN_REGIME
from andon.stats.whereabouts import KEPT, Whereabouts


def test_a_row_has_the_regime_that_began_last_before_it():
    known = Whereabouts()
    known.add(np.arange(10.0), ["A"] * 4 + ["B"] * 3 + ["A"] * 3)
    known.add(np.arange(10.0, 12.0), ["A", ""])
    assert known.at(np.array([-1.0, 0.0, 3.0, 4.0, 6.5, 7.0, 10.0, 11.0, 99.0])) == [UNKNOWN_REGIME, *"AABBAA", "", ""]
    assert (known.since, known.names) == ([0.0, 4.0, 7.0, 11.0], ["A", "B", "A", ""])


def test_what_is_too_long_ago_is_forgotten():
    known = Whereabouts()
    known.add(np.arange(2.0 * KEPT), ["A", "B"] * KEPT)
    assert len(known.since) == KEPT
    assert known.at(np.array([KEPT - 1.0, KEPT + 1.0])) == [UNKNOWN_REGIME, "B"]
