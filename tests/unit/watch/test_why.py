"""Which prediction is meant, what did it, and where does it come from."""

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from andon.api.deployment import ModelDeploymentStatus
from andon.api.errors import UserError
from andon.watch.why.answer import explained
from andon.watch.why.drawing import SHOWN, bar, drawn
from andon.watch.why.moment import moment, row_at
from andon.watch.why.origin import as_json, origin
from andon.watch.why.registry import Registered, address_in
from support.documents import ONE, SINCE, TWO

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone(timedelta(hours=1)))


def document(**changes):
    """What a server answers."""
    prediction = {
        "time": 1795345380000,
        "asset": "reactor-1",
        "slot": "stable",
        "value": 1.503,
        "quality": "Good",
        "reason": None,
    }
    given = [("xmeas_7", 2705.0, -0.4), ("xmeas_1", 0.25, 0.1)]
    parts = [{"feature": f, "tag": f, "value": v, "contribution": c} for f, v, c in given]
    whole = {"prediction": {**prediction, **TWO.model_dump()}, "contributions": parts, "typical": 1.783, "remainder": 0.02}
    return {**whole, "profileDigest": "sha256:" + "9" * 64, "unexplained": None, **changes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:03:00Z", datetime(2026, 11, 22, 10, 3, tzinfo=UTC)),
        ("2026-11-22T10:03:00.250+01:00", datetime(2026, 11, 22, 9, 3, 0, 250_000, tzinfo=UTC)),
        ("11:03:00", datetime(2026, 11, 22, 10, 3, tzinfo=UTC)),
        ("11:03", datetime(2026, 11, 22, 10, 3, tzinfo=UTC)),
        ("9:03:00.2", datetime(2026, 11, 22, 8, 3, 0, 200_000, tzinfo=UTC)),
        ("-5m", datetime(2026, 11, 22, 10, 55, tzinfo=UTC)),
        ("-1h30m", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_may_be_written_as_a_person_says_it(text, expected):
    assert moment(text, NOON) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "5m", "-5", "25:00", "12:60", "2026-11-22", "2026-13-22T10:03:00Z"])
def test_what_is_no_time_is_answered_with_three_that_are(text):
    with pytest.raises(UserError, match="2026-11-22T12:03:00Z"):
        moment(text, NOON)


def test_what_is_to_come_cannot_be_explained():
    with pytest.raises(UserError, match="lies ahead"):
        moment("12:00:01", NOON)


@given(st.integers(0, 2**41), st.sampled_from(["200ms", "3s", "1m", "1d"]))
def test_the_row_of_a_moment_is_the_newest_there_was(ms, every):
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
    period = {"200ms": 200, "3s": 3000, "1m": 60_000, "1d": 86_400_000}[every]
    row = row_at(at, every)
    assert row % period == 0
    assert row <= ms < row + period


@pytest.mark.parametrize("answer", [None, [], {}, {"prediction": {}}, document(contributions=[{"feature": "x"}])])
def test_another_servers_answer_is_named(answer):
    with pytest.raises(UserError, match="of the same version"):
        explained(answer)


def text(answer, width=120, remarks=()):
    why = explained(answer)
    known = origin(why, "product-e", ModelDeploymentStatus(), Registered(), remarks)
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(drawn(why, known, "product-e", width))
    return out.getvalue()


def test_the_answer_and_what_did_it():
    lines = [line.rstrip() for line in text(document()).splitlines()]
    assert lines[:2] == [
        "product-e: 1.503 (Good) for reactor-1 at 2026-11-22 11:03:00.000 UTC, by version 2 as stable. Usual: 1.783.",
        "",
    ]
    assert lines[2].split() == ["FEATURE", "VALUE", "CONTRIBUTION"]
    assert lines[3].split() == ["xmeas_7", "2705", "-0.4", "█" * 20 + "│"]
    assert lines[4].split() == ["xmeas_1", "0.25", "+0.1", "│█████"]
    assert lines[5].split() == ["acting", "together", "+0.02", "│█"]


def test_many_features_are_told_as_a_few_and_the_sum_of_the_rest():
    parts = [{"feature": f"f{i}", "tag": f"f{i}", "value": 1.0, "contribution": 1.0 / (i + 1)} for i in range(40)]
    said = text(document(contributions=parts))
    rest = sum(1.0 / (i + 1) for i in range(SHOWN, 40))
    assert f"{40 - SHOWN} others" in said
    assert f"{rest:+.4g}" in said


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_narrow_terminal_keeps_the_numbers(width):
    lines = text(document(), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert "-0.4" in text(document(), width=width)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"unexplained": "Its inputs are no longer kept.", "contributions": []}, "Its inputs are no longer", id="old"
        ),
        pytest.param(
            {"prediction": document()["prediction"] | {"value": None, "quality": "Bad"}}, "no value (Bad)", id="no value"
        ),
        pytest.param({"typical": None, "remainder": None}, "by version 2 as stable.", id="an explanation without a reference"),
    ],
)
def test_what_is_not_known_is_not_made_up(changes, said):
    assert said in text(document(**changes))


@given(st.floats(-1, 1), st.integers(1, 40))
def test_a_bar_fits_its_place_and_points_where_the_number_does(share, half):
    plain = bar(share, half).plain
    assert len(plain) <= 2 * half + 1
    assert plain.index("│") <= half
    assert "█" not in (plain[half + 1 :] if share < 0 else plain[:half])


STATUS = ModelDeploymentStatus.model_validate(
    {
        "history": [{**ONE.model_dump(), "since": SINCE}, {**TWO.model_dump(), "since": SINCE, "by": "maria"}],
        "decisions": [
            {
                "id": "d-7f3a91c2de",
                "policy": "product-e",
                "verdict": "ModelRegression",
                "from": {"version": "3", "digest": "sha256:" + "3" * 64},
                "to": TWO.model_dump(),
                "summary": "",
                "evidence": {"question": "loss", "rows": 1, "value": "2", "limit": "1", "scraped": SINCE},
                "decided": SINCE,
                "state": "Done",
                "commit": "6e6537a6",
            }
        ],
    }
)
TRAINED = Registered(
    pipeline="plant-a/product-e", spec="3f9c", manifest="sha256:" + "7" * 64, rows=400, files=12, first="a", last="b"
)


def test_it_is_traced_to_model_data_people_and_commit():
    facts = origin(explained(document()), "product-e", STATUS, TRAINED).facts
    assert facts == {
        "model": "product-e, version 2",
        "digest": TWO.digest,
        "profile": "sha256:" + "9" * 64,
        "pipeline": "plant-a/product-e, spec 3f9c",
        "data": "400 rows of 12 files, a to b",
        "manifest": "sha256:" + "7" * 64,
        "served": "since 2026-11-22 12:00:00 UTC, on the word of maria",
        "decision": "d-7f3a91c2de: Rollback of version 3 to 2 (Done)",
        "commit": "6e6537a6",
    }


def test_what_could_not_be_asked_is_a_remark():
    known = origin(explained(document()), "product-e", ModelDeploymentStatus(), Registered(), ("MLflow is away.",))
    assert as_json(explained(document()), known)["remarks"] == ["MLflow is away."]
    assert "MLflow is away." in text(document(), remarks=("MLflow is away.",))


@pytest.mark.parametrize(
    ("orders", "address"),
    [
        ('{"model":"http://m:5000/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/model.onnx"}', "http://m:5000"),
        ('{"model":"https://m/lab/api/2.0/mlflow-artifacts/artifacts/1"}', "https://m/lab"),
        ('{"model":"file:///m.onnx"}', None),
    ],
)
def test_where_the_registry_is_the_server_was_told(orders, address):
    assert address_in(orders) == address
