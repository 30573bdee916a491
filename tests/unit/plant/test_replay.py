"""The replay shows the process as recorded, settles after a seam and never repeats normal operation early."""

from itertools import pairwise

import numpy as np
import pytest

from andon.lab.plant.recordings import FAULTS, NORMAL, TAGS, faulty
from andon.lab.plant.replay import SETTLING_ROWS, FaultRefusedError, Replay


def show(replay, rows):
    return [replay.next() for _ in range(rows)]


def test_every_recording_is_rows_of_52_values():
    for run in (*NORMAL, *(run for fault in FAULTS for run in faulty(fault))):
        assert run.rows.shape == (run.end - run.first, len(TAGS))


def test_normal_operation_is_the_normal_runs_and_then_what_came_before_each_fault():
    shown = show(Replay(), 2741)
    assert [s.run for s in shown[:1460:500]] == [0, 1, 1]
    assert (shown[499].run, shown[500].run, shown[1459].run, shown[1460].run) == (0, 1, 1, 11)
    assert np.array_equal(shown[2740].values, shown[0].values), "only after all of it does it begin again"
    assert not any(np.array_equal(a.values, b.values) for a, b in pairwise(shown))


def test_it_settles_after_a_seam_and_not_before():
    settling = [n for n, shown in enumerate(show(Replay(), 520)) if shown.settling]
    assert settling == list(range(500, 500 + SETTLING_ROWS))


def test_a_fault_begins_at_once_and_normal_operation_goes_on_where_it_was_left():
    replay = Replay()
    show(replay, 100)
    replay.switch(4)
    during = show(replay, 481)
    assert (during[0].run, during[479].run, during[480].run) == (40, 40, 41)
    assert np.array_equal(during[480].values, faulty(4)[1].rows[0])
    assert [n for n, shown in enumerate(during) if shown.settling] == [*range(SETTLING_ROWS), 480]
    replay.switch(0)
    assert np.array_equal(replay.next().values, NORMAL[0].rows[100])


@pytest.mark.parametrize("fault", [3, 9, 21, -1])
def test_other_faults_are_refused(fault):
    with pytest.raises(FaultRefusedError, match=f"fault {fault} is not offered; there are 0 "):
        Replay().switch(fault)
