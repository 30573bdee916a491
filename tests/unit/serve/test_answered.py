"""What consumers get of one row: whose answer, how good, and what stands in for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.runtime.serve.rows.answered import Consumers, Scores
from andon.runtime.serve.rows.journal import Quality
from andon.runtime.serve.rows.panel import Answers
from andon.stats.surroundings import Judged
from unit.serve.models import linear
from unit.serve.rowing import a_panel, a_revision, portion

FIRST = 81
"""Rows 80 to 99 are the block that is the candidate's at 20 %."""


@pytest.fixture(scope="module")
def revisions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("revisions")
    return [a_revision(folder, str(n), linear(bias=float(n))) for n in (1, 2, 3)]


def entries(revisions, consumers=None, complete=True, repaired=False, fit=True, doubted=False, answers=(1.0, 2.0, 3.0), **orders):
    """Of one row that all three slots scored so. answers: of stable, candidate and reference; to repaired inputs, ten more."""
    panel = a_panel(*revisions, **{"weight": 20} | orders)
    inputs = np.full((1, 3), 4.0 if complete else np.nan)
    said = {
        slot: np.array([value]) if complete else np.array([np.nan]) for slot, value in zip(panel.slots(), answers, strict=True)
    }
    of_repaired = {slot: np.array([value + 10 if fit else np.nan]) for slot, value in zip(panel.slots(), answers, strict=True)}
    judged = Judged(np.array([16.2]), np.full((1, 3), 5.0), np.array([fit]), np.array([repaired]))
    scores = Scores(Answers(inputs, np.array([complete]), said), judged, of_repaired, doubted)
    return list((consumers or Consumers(None)).entries(portion(FIRST, FIRST), panel, scores))


def answer(*given, **changes):
    (entry,) = [e for e in entries(*given, **changes) if e.prediction.answered]
    return entry


def told(entry):
    p = entry.prediction
    return p.slot, p.value, p.quality.value, p.reason


NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "gets"),
    [
        pytest.param({}, ("candidate", 2.0, "Good", None), id="its block: the candidate's"),
        pytest.param({"weight": 0}, ("stable", 1.0, "Good", None), id="no share: the stable's"),
        pytest.param({"answers": (1.0, NAN, 3.0)}, ("stable", 1.0, "Good", None), id="a candidate without answer: the stable's"),
        pytest.param({"answers": (NAN, NAN, 3.0)}, ("stable", None, "Bad", "NoFiniteAnswer"), id="nobody has one: nothing"),
        pytest.param(
            {"answers": (NAN, 2.0, 3.0)}, ("candidate", 2.0, "Good", None), id="the candidate's though the stable has none"
        ),
        pytest.param({"complete": False}, ("candidate", None, "Bad", "InputMissing"), id="a value missing: nothing"),
        pytest.param({"repaired": True}, ("candidate", None, "Bad", "InputAtFault"), id="a value not believed: nothing"),
        pytest.param({"doubted": True}, ("candidate", None, "Bad", "InputAtFault"), id="a tag at fault: nothing"),
        pytest.param(
            {"repaired": True, "on_bad_input": "Flag"},
            ("candidate", 12.0, "Uncertain", "InputAtFault"),
            id="flagged: the answer to what was repaired",
        ),
        pytest.param(
            {"complete": False, "repaired": True, "on_bad_input": "Flag"},
            ("candidate", 12.0, "Uncertain", "InputMissing"),
            id="flagged: what is missing is repaired, too",
        ),
        pytest.param(
            {"doubted": True, "fit": False, "on_bad_input": "Flag"},
            ("candidate", 2.0, "Bad", "InputAtFault"),
            id="flagged, and not to be repaired: as measured, and bad",
        ),
        pytest.param(
            {"complete": False, "fit": False, "on_bad_input": "Flag"},
            ("stable", None, "Bad", "InputMissing"),
            id="flagged, and nothing can be had: nothing",
        ),
        pytest.param(
            {"complete": False, "on_bad_input": "LastGood"},
            ("candidate", None, "Bad", "InputMissing"),
            id="nothing was ever good: nothing",
        ),
    ],
)
def test_consumers_get(revisions, given, gets):
    assert told(answer(revisions, **given)) == gets


def test_the_last_good_answer_stands_in_with_the_time_it_is_of(revisions):
    consumers = Consumers(None)
    answer(revisions, consumers, answers=(1.5, 2.5, 3.5))
    stands_in = answer(revisions, consumers, complete=False, on_bad_input="LastGood")
    assert told(stands_in) == ("candidate", 2.5, "Uncertain", "InputMissing")
    again = answer(revisions, consumers, complete=False, on_bad_input="LastGood")
    assert told(again) == told(stands_in), "what stood in does not become the last good one"


def test_the_last_good_answer_of_a_revision_that_is_gone_stands_in_for_nothing(revisions):
    consumers, (one, _, three) = Consumers(None), revisions
    answer(revisions, consumers)
    left = answer([one, None, three], consumers, complete=False, on_bad_input="LastGood", answers=(1.0, 3.0))
    assert told(left) == ("stable", None, "Bad", "InputMissing")


def test_what_the_model_was_given_goes_with_the_answer(revisions):
    assert answer(revisions).given.features.tolist() == [4.0] * 3
    assert answer(revisions, repaired=True, on_bad_input="Flag").given.features.tolist() == [5.0] * 3


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["Suppress", "LastGood", "Flag"]))
def test_every_row_has_one_answer_and_one_record_of_every_other_slot_that_scored_it(
    revisions, complete, repaired, fit, doubted, policy
):
    found = entries(revisions, complete=complete, repaired=repaired, fit=fit, doubted=doubted, on_bad_input=policy)
    assert [e.prediction.answered for e in found].count(True) == 1
    assert len(found) == (3 if complete else 1)
    assert len({e.prediction.slot for e in found}) == len(found)
    for e in found:
        assert (e.prediction.reason is None) == (e.prediction.quality is Quality.GOOD)
        assert e.prediction.value is not None or e.prediction.quality is Quality.BAD
