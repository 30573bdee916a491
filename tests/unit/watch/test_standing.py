"""How an object is, and what it waits for, from its conditions alone."""

import pytest

from andon.watch.standing import Mood, Standing, first_sentence, standing
from support.documents import said


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param([], (Mood.UNKNOWN, "Unknown", "", "The operator has not looked at it yet."), id="never looked at"),
        pytest.param([("Ready", "True", "Serving", "Version 1 answers.")], (Mood.GOOD, "True", "Serving", ""), id="ready"),
        pytest.param(
            [("Ready", "False", "Loading", "It loads. Soon."), ("Reconciling", "True", "Loading", "It loads. Soon.")],
            (Mood.BUSY, "False", "Loading", "It loads."),
            id="on its way",
        ),
        pytest.param(
            [("Ready", "False", "RolledBack", "It was worse."), ("Stalled", "True", "VersionQuarantined", "Commit another.")],
            (Mood.BAD, "False", "RolledBack", "Commit another."),
            id="only a person can help",
        ),
        pytest.param(
            [("Ready", "True", "Serving", ""), ("AwaitingApproval", "True", "RetrainDecided", "d-1 asks. To approve: kubectl")],
            (Mood.ASKS, "True", "Serving", "d-1 asks."),
            id="a person is asked, though all is ready",
        ),
        pytest.param(
            [("Ready", "False", "SourceMissing", "There is no DataSource reactor.")],
            (Mood.BUSY, "False", "SourceMissing", "There is no DataSource reactor."),
            id="waits for something outside",
        ),
        pytest.param(
            [("Ready", "Unknown", "Timeout", "Prometheus is away.")],
            (Mood.UNKNOWN, "Unknown", "Timeout", "Prometheus is away."),
            id="nothing can be seen",
        ),
    ],
)
def test_the_first_that_holds_is_said(conditions, expected):
    assert standing({"status": {"conditions": said(conditions)}}) == Standing(*expected)


def test_an_object_without_a_status_was_not_looked_at():
    assert standing({}).mood is Mood.UNKNOWN


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("", ""),
        ("One. Two.", "One."),
        ("At least 1.84 times that of 3 (limit 1.10). See: andon explain d-1", "At least 1.84 times that of 3 (limit 1.10)."),
        ("Two\n  lines", "Two lines"),
    ],
)
def test_one_sentence_is_enough(message, first):
    assert first_sentence(message) == first
