"""The same rows mean the same however they come in portions, and whether the server was stopped in between or not."""

import numpy as np
import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from andon.api.evidence import SETTLING
from unit.stats.profiles import a_process, in_units, rows, truth
from unit.stats.stories import played, server

N = 260


def _story():
    """A tag breaks and heals, values are missing, the regime changes in the middle of a block, one row is wild."""
    z = a_process(N, seed=31)
    labels = truth(z)
    z[50:150, 3] += 4
    z[160:164, 6] = np.nan
    z[170:185] = np.nan
    z[200, 1] = 40
    labels[::7] = np.nan
    names = [""] * 205 + [SETTLING] * 8 + ["unknown"] * 9 + [""] * (N - 230) + [SETTLING] * 8
    return rows(in_units(z), regimes=tuple(names)), labels


STORY, LABELS = _story()
cuts = st.sets(st.integers(1, N), max_size=12)
few = settings(max_examples=12, deadline=None)


def state(one):
    return orjson.dumps(one.ledger.state())


WHOLE = played(STORY, labels=LABELS, worse=0.3)


@few
@given(cuts)
def test_portions_within_blocks_may_be_cut_anywhere(where):
    assert state(played(STORY, where, labels=LABELS, worse=0.3)) == state(WHOLE)


def test_rows_may_come_one_by_one():
    assert state(played(STORY, range(1, N), labels=LABELS, worse=0.3)) == state(WHOLE)


@few
@given(cuts)
def test_what_the_tags_say_and_which_inputs_are_fit_is_the_same_for_any_portions(where):
    one, whole = server(STORY, labels=LABELS), server(STORY, labels=LABELS)
    parts = [one.take(until) for until in sorted({*where, N})]
    at_once = whole.take(N)
    assert np.array_equal(np.concatenate([p.fit for p in parts]), at_once.fit)
    assert np.array_equal(np.concatenate([p.repaired for p in parts]), at_once.repaired)
    assert np.allclose(np.concatenate([p.inputs for p in parts]), at_once.inputs, rtol=1e-12, equal_nan=True)
    for part in ("around", "spans", "predictions"):
        assert orjson.dumps(one.ledger.state()[part]) == orjson.dumps(whole.ledger.state()[part])


@few
@example({N - 5})
@given(st.sets(st.integers(1, N - 1), min_size=1, max_size=4))
def test_a_restart_between_any_two_portions_changes_nothing(stops):
    one = server(STORY, labels=LABELS, worse=0.3)
    for until in sorted({*stops, *range(20, N, 20), N}):
        one.take(until)
        if until in stops:
            one.restart()
    assert state(one) == state(played(STORY, stops, labels=LABELS, worse=0.3))
    assert one.ledger.evidence() == WHOLE.ledger.evidence()
