"""How an object is, and what it waits for, from its conditions alone."""

import pytest

from andon.watch.standing import Mood, standing
from support.documents import said


@pytest.mark.parametrize(
    ("conditions", "mood", "ready", "reason", "waits_for"),
    [
        pytest.param([], Mood.UNKNOWN, "Unknown", "", "The operator has not looked at it yet.", id="never looked at"),
        pytest.param([("Ready", "True", "Serving", "Version 1 answers.")], Mood.GOOD, "True", "Serving", "", id="ready"),
        pytest.param(
            [("Ready", "False", "CandidateJudged", "-"), ("Reconciling", "True", "CandidateJudged", "Judged. Rows come in.")],
            Mood.BUSY, "False", "CandidateJudged", "Rows come in.",
            id="on its way: the last sentence has what is missing",
        ),
        pytest.param(
            [("Ready", "False", "RolledBack", "-"), ("Stalled", "True", "VersionQuarantined", "git names 2. Commit another.")],
            Mood.BAD, "False", "RolledBack", "git names 2.",
            id="only a person can help",
        ),
        pytest.param(
            [("Ready", "True", "Serving", ""), ("AwaitingApproval", "True", "RetrainDecided", "d-1 asks. To approve: kubectl")],
            Mood.ASKS, "True", "Serving", "d-1 asks.",
            id="a person is asked, though all is ready",
        ),
        pytest.param(
            [("Ready", "False", "SourceMissing", "There is no DataSource reactor. Next: make it.")],
            Mood.WAITS, "False", "SourceMissing", "There is no DataSource reactor.",
            id="waits for something outside",
        ),
        pytest.param(
            [("Ready", "Unknown", "Timeout", "Prometheus is away.")],
            Mood.UNKNOWN, "Unknown", "Timeout", "Prometheus is away.",
            id="nothing can be seen",
        ),
        pytest.param(
            [("Ready", "False", "Loading", "At least 1.84 times that of 3 (limit 1.10).\n  See: andon explain d-1")],
            Mood.WAITS, "False", "Loading", "At least 1.84 times that of 3 (limit 1.10).",
            id="a point within a number ends no sentence",
        ),
        pytest.param(
            [("Ready", "True", "Watching", "Evidence is read."), ("DataFault", "True", "Stuck", "Not to be believed: xmeas_7.")],
            Mood.BAD, "True", "Watching", "Not to be believed: xmeas_7.",
            id="the policy is well and a tag is not",
        ),
        pytest.param(
            [("Ready", "True", "Serving", ""), ("GitInSync", "False", "WriteRefused", "git refuses. Ask.")],
            Mood.WAITS, "True", "Serving", "git refuses.",
            id="it serves, and git was not told",
        ),
        pytest.param(
            [("Ready", "True", "Serving", ""), ("GitInSync", "True", "InSync", ""), ("Watched", "False", "NoPolicy", "-")],
            Mood.GOOD, "True", "Serving", "",
            id="that nobody watches is nothing to wait for",
        ),
        pytest.param(
            [("Ready", "True", "Serving", ""), ("AnnotationIgnored", "True", "VersionUnknown", "andon.dev/pin: no 9. More.")],
            Mood.ASKS, "True", "Serving", "andon.dev/pin: no 9.",
            id="a person's word means nothing",
        ),
        pytest.param(
            [("Ready", "True", "Serving", ""), ("AnnotationIgnored", "True", "Spent", "Version 2 has served since.")],
            Mood.GOOD, "True", "Serving", "",
            id="a word that was obeyed is left on its object, as people do",
        ),
    ],
)  # fmt: skip
def test_the_first_that_holds_is_said(conditions, mood, ready, reason, waits_for):
    stands = standing({"status": {"conditions": said(conditions)}})
    assert (stands.mood, stands.ready, stands.reason, stands.waits_for) == (mood, ready, reason, waits_for)


def test_an_object_without_a_status_was_not_looked_at():
    assert standing({}).mood is Mood.UNKNOWN
