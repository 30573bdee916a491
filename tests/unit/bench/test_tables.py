"""What counts as a failure of what."""

import pytest

from andon.api.decision import Action, Verdict
from bench.decisions import run, tables
from bench.decisions.episodes import Truth
from bench.decisions.score import Outcome, Taken

CANDIDATE = 100


def outcome(kind="candidate-50-worse", *, truth="model", tags=(), ratio=None, taken=(), healthy=None, tag=None):
    return Outcome(
        name=f"{kind}#0", kind=kind, seed=0, plant="real", truth=Truth(truth, tags, 500, 800, ratio),
        candidate_from=CANDIDATE, late=12, rows=1760, taken=taken, healthy=healthy, tag=tag, tag_row=540 if tag else None,
        said=frozenset(), alarms={"always": 0, "never": None},
    )  # fmt: skip


def rollback(row=500, judged="candidate"):
    return Taken(row, Action.ROLLBACK, Verdict.MODEL_REGRESSION, judged, ())


RETRAIN = Taken(600, Action.RETRAIN, Verdict.CONCEPT_DRIFT, "stable", ())
QUARANTINE = Taken(600, Action.QUARANTINE, Verdict.DATA_FAULT, "data", ("xmv_1",))


def failing(name, *outcomes):
    must = next(m for m in tables.MUSTS if m.name.startswith(name))
    return [o.name for o in must.failing(outcomes)]


@pytest.mark.parametrize(
    ("name", "failed", "given"),
    [
        pytest.param("rollback or retrain", True, outcome("sensor-stuck", truth="data", taken=(RETRAIN,)), id="retrained"),
        pytest.param("rollback or retrain", False, outcome("sensor-stuck", truth="data", taken=(QUARANTINE,)), id="quarantined"),
        pytest.param("rollback or retrain", True, outcome(truth="data", ratio=1.0, taken=(rollback(),)), id="good one back"),
        pytest.param("rollback or retrain", False, outcome(truth="data", ratio=1.5, taken=(rollback(),)), id="bad one back"),
        pytest.param("25 % worse", True, outcome(ratio=1.25), id="a bad candidate stays"),
        pytest.param("25 % worse", False, outcome(ratio=1.25, taken=(rollback(),)), id="it goes"),
        pytest.param("25 % worse", False, outcome(ratio=1.2), id="one not so bad may stay"),
        pytest.param("10 % worse", True, outcome(ratio=1.0999999999, healthy=700), id="promoted, but for a rounding error"),
        pytest.param("10 % worse", False, outcome("x-mainly", ratio=1.5, healthy=700), id="worse only later"),
        pytest.param("at most 2 % worse: not", True, outcome("candidate-good", ratio=1.02, taken=(rollback(),)), id="good, gone"),
        pytest.param("at most 2 % worse: prom", False, outcome("candidate-good", ratio=1, healthy=1612), id="just in time"),
        pytest.param("at most 2 % worse: prom", True, outcome("candidate-good", ratio=1, healthy=1613), id="a row too late"),
        pytest.param("right tag", True, outcome("sensor-unit", tags=("a",), tag="b"), id="the wrong tag first"),
        pytest.param("right tag", False, outcome("sensor-unit", tags=("a",), tag="a"), id="the right one"),
        pytest.param("no automatic", True, outcome("fault-free", truth="fault-free", taken=(QUARANTINE,)), id="a false alarm"),
    ],
)
def test_what_fails_what(name, failed, given):
    assert bool(failing(name, given)) is failed


def test_the_worst_class_decides():
    outcomes = [outcome("candidate-50-worse", ratio=1.5, taken=(rollback(),)), outcome("candidate-25-worse", ratio=1.25)]
    (result,) = [r for r in tables.results(outcomes) if r["name"].startswith("25 %")]
    assert (result["value"], result["ok"]) == (0.0, False)
    assert result["worst"].startswith("candidate-25-worse: 0/1")


@pytest.mark.parametrize(
    ("stayed", "open_"),
    [
        pytest.param(1, True, id="one of 20 may be chance at 99 %"),
        pytest.param(5, False, id="five of 20 are none"),
    ],
)
def test_what_fails_by_so_few_that_it_may_hold_is_left_open(stayed, open_):
    gone, stays = outcome(ratio=1.5, taken=(rollback(),)), outcome(ratio=1.5)
    (result,) = [r for r in tables.results([gone] * (20 - stayed) + [stays] * stayed) if r["name"].startswith("25 %")]
    assert (result["ok"], result["open"]) == (False, open_)


def test_of_classes_alike_the_one_with_the_fewest_episodes_is_shown():
    gone = {"ratio": 1.5, "taken": (rollback(),)}
    outcomes = [*[outcome("candidate-scrambled", **gone)] * 3, outcome("candidate-50-worse", **gone)]
    (result,) = [r for r in tables.results(outcomes) if r["name"].startswith("25 %")]
    assert (result["worst"], result["all"]) == ("candidate-50-worse: 1/1 (2.5-100.0 %)", "4/4 (39.8-100.0 %)")


def test_each_record_has_its_own_episodes():
    assert {record: len(of) for record, of in tables.by_record([outcome(), outcome()]).items()} == {"the real record": 2}


def test_long_episodes_are_for_the_power_curve_and_for_no_must():
    document = run.document([outcome(ratio=1.5), outcome("long-50-worse", ratio=1.5, taken=(rollback(),))])
    (result,) = [r for r in document["beside"]["the real record"] if r["name"].startswith("25 %")]
    assert result["all"].startswith("0/1 ")
    assert [p["n"] for p in document["power"]] == [1, 1]


def test_a_must_that_nothing_was_asked_of_is_not_said_to_hold():
    assert [r["name"] for r in tables.results([outcome("sensor-stuck", truth="data", tags=("a",), tag="a")])] == [
        "rollback or retrain caused by a data fault",
        "right tag named first",
    ]


def test_candidates_that_stay_make_the_median_delay_endless():
    (result,) = [r for r in tables.results([outcome(ratio=1.5)]) if "median" in r["name"]]
    assert (result["value"], result["ok"]) == (None, False)


def test_the_delay_is_counted_from_the_first_row_judged_beyond_the_minimum():
    gone = outcome(ratio=1.5, taken=(rollback(CANDIDATE + 300 + 40 - 1),))
    (result,) = [r for r in tables.results([gone]) if "median" in r["name"]]
    assert result["value"] == 40
