"""One entry per change of a verdict or of a tag's fault, and per action; none where nothing changed."""

from datetime import UTC, datetime

import pytest

from andon.api.conditions import Condition
from andon.api.decision import Action, Decision, Evidence, Verdict
from andon.api.policy import DriftPolicyStatus, HeldAction, TagFault
from andon.api.types import Revision
from andon.replay.journal import Moment
from andon.stats import blocks

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STABLE = Revision(version="1", digest="sha256:" + "1" * 64)
CANDIDATE = Revision(version="2", digest="sha256:" + "2" * 64)
NUMBERS = Evidence(question="stuck", rows=60, value="100%", limit="5%", scraped=NOW)


def status(verdict=Verdict.HEALTHY, judged=STABLE, **changed):
    return DriftPolicyStatus(verdict=verdict, judged=judged, stable_verdict=changed.pop("stable", verdict), **changed)


def decision(action, verdict, **changed):
    usual = {"id": f"d-{action}", "target": "soft", "since": NOW, "evidence": NUMBERS, "summary": "so it was"}
    return Decision(action=action, verdict=verdict, **(usual | changed))


ROLLBACK = decision(Action.ROLLBACK, Verdict.MODEL_REGRESSION, from_=CANDIDATE, to=STABLE)
QUARANTINE = decision(Action.QUARANTINE, Verdict.DATA_FAULT, subjects=["a"], fault="Stuck")
STUCK = TagFault(tag="a", fault="Stuck", since=NOW)
STUCK_TOO = TagFault(tag="b", fault="Stuck", since=NOW)
HELD = HeldAction(
    action=Action.RETRAIN, verdict=Verdict.HARMFUL_SHIFT, from_=STABLE, reason="BudgetSpent", message="enough", since=NOW
)
KEPT_IN = HeldAction(
    action=Action.QUARANTINE, verdict=Verdict.DATA_FAULT, subjects=["a"], reason="DryRun", message="only said", since=NOW
)
BACK_HELD = HeldAction(
    action=Action.ROLLBACK, verdict=Verdict.MODEL_REGRESSION, from_=CANDIDATE, reason="DryRun", message="only said", since=NOW
)
SHIFTED = status(Verdict.HARMFUL_SHIFT)
JUDGED = status(Verdict.NO_EVIDENCE, CANDIDATE, stable=Verdict.HEALTHY)


def saying(reason, of):
    """The same status with this reason for what is said of the stable."""
    said = Condition(
        type="StableHealthy", status="Unknown", reason=reason, message="so it is", last_transition_time=NOW, observed_generation=1
    )
    return of.model_copy(update={"conditions": [said]})


@pytest.mark.parametrize(
    ("before", "after", "candidate", "told"),
    [
        pytest.param(status(), status(), None, [], id="nothing new"),
        pytest.param(DriftPolicyStatus(), status(), None, ["Healthy stable"], id="the first verdict"),
        pytest.param(status(), SHIFTED, None, ["HarmfulShift stable"], id="another verdict"),
        pytest.param(status(), JUDGED, CANDIDATE, ["NoEvidence candidate"], id="a candidate comes"),
        pytest.param(
            JUDGED, status(Verdict.HEALTHY, CANDIDATE), CANDIDATE, ["Healthy candidate"], id="the candidate is fit to serve"
        ),
        pytest.param(
            JUDGED,
            status(Verdict.NO_EVIDENCE, CANDIDATE, stable=Verdict.CONCEPT_DRIFT),
            CANDIDATE,
            ["ConceptDrift stable"],
            id="what serves fails while another is judged",
        ),
        pytest.param(
            status(Verdict.NO_EVIDENCE, CANDIDATE, stable=Verdict.CONCEPT_DRIFT),
            JUDGED,
            CANDIDATE,
            [],
            id="Healthy is said of the candidate only, while there is one",
        ),
        pytest.param(
            JUDGED, status(Verdict.UNKNOWN, None), CANDIDATE, ["Unknown candidate"], id="nothing can be seen of the candidate"
        ),
        pytest.param(
            JUDGED,
            status(Verdict.MODEL_REGRESSION, CANDIDATE, stable=Verdict.HEALTHY, decisions=[ROLLBACK]),
            CANDIDATE,
            ["ModelRegression candidate Rollback taken"],
            id="a verdict with its action is one entry",
        ),
        pytest.param(
            status(Verdict.MODEL_REGRESSION, CANDIDATE, decisions=[ROLLBACK]),
            status(Verdict.MODEL_REGRESSION, CANDIDATE, decisions=[ROLLBACK]),
            CANDIDATE,
            [],
            id="an open decision is told once",
        ),
        pytest.param(
            status(),
            status(decisions=[QUARANTINE], data_faults=[STUCK]),
            None,
            ["DataFault data Quarantine taken a Stuck Opened"],
            id="a tag at fault with its quarantine is one entry",
        ),
        pytest.param(status(), status(data_faults=[STUCK]), None, ["DataFault data a Stuck Opened"], id="a tag at fault"),
        pytest.param(status(data_faults=[STUCK]), status(), None, ["DataFault data a Stuck Recovered"], id="it recovers"),
        pytest.param(
            status(),
            SHIFTED.model_copy(update={"held": [HELD]}),
            None,
            ["HarmfulShift stable Retrain BudgetSpent"],
            id="an action that a guard rail refuses",
        ),
        pytest.param(
            JUDGED,
            JUDGED.model_copy(update={"held": [HELD], "stable_verdict": Verdict.HARMFUL_SHIFT}),
            CANDIDATE,
            ["HarmfulShift stable Retrain BudgetSpent"],
            id="one about what serves, while another is judged",
        ),
        pytest.param(
            SHIFTED.model_copy(update={"held": [HELD]}),
            SHIFTED.model_copy(update={"held": [HELD.model_copy(update={"message": "still"})]}),
            None,
            [],
            id="the same refusal is told once",
        ),
        pytest.param(
            status(),
            status(held=[KEPT_IN], data_faults=[STUCK]),
            None,
            ["DataFault data Quarantine DryRun a Stuck Opened"],
            id="a refused quarantine names its tag and what is wrong with it",
        ),
        pytest.param(
            status(held=[KEPT_IN], data_faults=[STUCK]),
            status(held=[KEPT_IN.model_copy(update={"subjects": ["b", "a"]})], data_faults=[STUCK, STUCK_TOO]),
            None,
            ["DataFault data Quarantine DryRun b Stuck Opened"],
            id="another tag is another refusal",
        ),
        pytest.param(
            status(held=[KEPT_IN.model_copy(update={"subjects": ["a", "b"]})], data_faults=[STUCK, STUCK_TOO]),
            status(held=[KEPT_IN], data_faults=[STUCK]),
            None,
            ["DataFault data b Stuck Recovered"],
            id="fewer tags are no other refusal",
        ),
        pytest.param(
            JUDGED.model_copy(update={"held": [BACK_HELD.model_copy(update={"from_": STABLE})]}),
            JUDGED.model_copy(update={"held": [BACK_HELD]}),
            CANDIDATE,
            ["ModelRegression candidate Rollback DryRun"],
            id="another revision is another refusal",
        ),
        pytest.param(
            saying("TooFewRows", status(Verdict.NO_EVIDENCE)),
            saying("UnknownRegime", status(Verdict.NO_EVIDENCE)),
            None,
            ["NoEvidence stable"],
            id="another reason why nothing is known",
        ),
        pytest.param(
            saying("Healthy", status()), saying("Fine", status()), None, [], id="another word for what is well is no news"
        ),
        pytest.param(
            saying("TooFewRows", JUDGED.model_copy(update={"stable_verdict": Verdict.NO_EVIDENCE})),
            saying("UnknownRegime", JUDGED.model_copy(update={"stable_verdict": Verdict.NO_EVIDENCE})),
            CANDIDATE,
            ["NoEvidence stable"],
            id="rows of an unknown regime say nothing of a candidate either",
        ),
    ],
)
def test_entries(before, after, candidate, told):
    entries = Moment(NOW, before, after, [], candidate).entries(lambda _: True)
    assert [" ".join(_words(entry)) for entry in entries] == told


def _words(entry):
    yield from (entry.verdict, entry.judged)
    yield from ([entry.action] if entry.action else [])
    yield from (["taken"] if entry.taken else [])
    yield from (word for word in (entry.refused, *entry.subjects, entry.fault, entry.change) if word)


def test_an_entry_has_the_numbers_of_its_own_tag():
    asked = [blocks.Evidence("stuck", tag, 9.0, 60, 3, 0.0, share, 60.0) for tag, share in (("a", 1.0), ("b", 0.1))]
    (entry,) = Moment(NOW, status(), status(decisions=[QUARANTINE]), asked, None).entries(lambda _: False)
    assert (entry.evidence, entry.taken) == (asked[0], False)


def test_a_refusal_has_the_numbers_of_its_own_tag():
    asked = [blocks.Evidence("stuck", tag, 9.0, 60, 3, 0.0, share, 60.0) for tag, share in (("b", 0.1), ("a", 1.0))]
    (entry,) = Moment(NOW, status(), status(held=[KEPT_IN], data_faults=[STUCK]), asked, None).entries(lambda _: False)
    assert entry.evidence == asked[1]
