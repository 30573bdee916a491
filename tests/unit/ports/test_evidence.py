"""What the samples of one query mean."""

import math
from datetime import UTC, datetime

import pytest

from andon.api.evidence import Counted, Landed
from andon.api.missing import Missing
from andon.ports.evidence import counted_requests, counted_rows, evidence_series, landed_records, samples

KEY = {
    "namespace": "plant-a",
    "deployment": "e",
    "revision": "a" * 12,
    "profile": "b" * 8,
    "question": "paired",
    "subject": "candidate",
}
NUMBERS = {"log_e": "3.5", "rows": "300", "block": "10", "epoch": "1795000000", "value": "1.4"}
SCRAPED = 1795322569.172


def entry(name, value, **labels):
    return {"metric": {"__name__": name, **labels}, "value": [SCRAPED + 7, value]}


def scrape(at=SCRAPED, **labels):
    return {"metric": {"andon_scraped": "yes", **labels}, "value": [SCRAPED + 7, str(at)]}


def server(instance="127.1.0.1:8080", at=SCRAPED, **numbers):
    labels = KEY | {"instance": instance}
    exported = {**NUMBERS, **numbers}
    return [entry(f"andon_evidence_{name}", value, **labels) for name, value in exported.items() if value is not None] + [
        scrape(at, **labels)
    ]


def fold(*servers):
    return evidence_series(samples([e for s in servers for e in s]))


def test_one_row_per_question_and_subject_dated_by_its_scrape():
    (row,) = fold(server(first_bad_seconds="1795000001.5", last_row_seconds="1795000002"))
    assert (row.namespace, row.deployment, row.question, row.subject) == ("plant-a", "e", "paired", "candidate")
    assert (row.log_e, row.rows, row.block, row.epoch, row.value) == (3.5, 300, 10, 1795000000, 1.4)
    assert row.first_bad == datetime.fromtimestamp(1795000001.5, UTC)
    assert row.last_row == datetime.fromtimestamp(1795000002, UTC)
    assert row.scraped == datetime.fromtimestamp(SCRAPED, UTC)
    assert row.missing is None


def test_no_bad_row_yet_is_none_and_not_1970():
    (row,) = fold(server())
    assert row.first_bad is None
    assert row.last_row is None


@pytest.mark.parametrize("odd", ["NaN", "+Inf", "-Inf"])
@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_a_number_that_is_none_concludes_nothing_and_says_which(number, odd):
    (row,) = fold(server(**{number: odd}))
    assert row.missing.reason == "NotANumber"
    assert f"andon_evidence_{number}" in row.missing.detail
    assert math.isnan(row.log_e)
    assert math.isnan(row.value)
    assert row.rows == 0


@pytest.mark.parametrize("number", ["log_e", "rows", "epoch", "value"])
def test_an_absent_number_is_told_from_an_odd_one(number):
    (row,) = fold(server(**{number: None}))
    assert row.missing.reason == "NoSeries"
    assert f"andon_evidence_{number}" in row.missing.detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({"epoch": "1795000000", "block": "99"}, {"epoch": "1795000500", "block": "1"}, id="a later epoch"),
        pytest.param({"block": "10"}, {"block": "11"}, id="a later block of the same epoch"),
        pytest.param({}, {"at": SCRAPED + 1}, id="a later scrape of the same block"),
        pytest.param({"log_e": "NaN", "epoch": "1795000999"}, {}, id="a sound one rather than an odd one"),
    ],
)
def test_of_two_servers_with_the_same_question_the_newest_accumulation_counts(old, new):
    for first, second in (
        ({**old, "instance": "a"}, {**new, "instance": "b"}),
        ({**new, "instance": "a"}, {**old, "instance": "b"}),
    ):
        assert fold(server(**first), server(**second)) == fold(server(**new))


def test_a_series_without_a_scrape_time_is_not_there():
    assert fold(server()[:-1]) == ()


@pytest.mark.parametrize("result", [[1795.0, "1"], [{"metric": {}}], [{"metric": {"__name__": "x"}, "value": ["1", "one"]}], 3])
def test_what_is_no_vector_is_an_error_and_no_number(result):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        samples(result)


def test_landed_records_are_counted_per_tag_and_an_odd_count_is_missing():
    labels = {"namespace": "plant-a", "datasource": "reactor", "instance": "i"}
    odd, sound = labels | {"tag": "xmeas_1"}, labels | {"tag": "xmeas_2"}
    found = landed_records(
        samples(
            [
                entry("andon_landing_records", "NaN", **odd),
                scrape(**odd),
                entry("andon_landing_records", "2500", **sound),
                scrape(**sound),
            ]
        )
    )
    assert found["plant-a", "reactor", "xmeas_2"] == Landed(2500, datetime.fromtimestamp(SCRAPED, UTC))
    assert isinstance(found["plant-a", "reactor", "xmeas_1"], Missing)


def test_a_replaced_collector_counts_by_its_newest_scrape():
    labels = {"namespace": "plant-a", "datasource": "reactor", "tag": "xmeas_1"}
    old, new = labels | {"instance": "a"}, labels | {"instance": "b"}
    metric = "andon_landing_records"
    found = landed_records(
        samples([entry(metric, "7", **new), scrape(SCRAPED + 1, **new), entry(metric, "9", **old), scrape(SCRAPED, **old)])
    )
    assert found["plant-a", "reactor", "xmeas_1"].records == 7


def rows(scored, failed, instance="a", at=SCRAPED, revision="0123456789ab"):
    labels = {"namespace": "plant-a", "deployment": "e", "slot": "stable", "revision": revision, "instance": instance}
    named = {"andon_scored_rows_total": scored, "andon_failed_rows_total": failed}
    return [entry(name, value, **labels) for name, value in named.items() if value is not None] + [scrape(at, **labels)]


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        pytest.param(rows("60", "2"), Counted(60, 2), id="of one server"),
        pytest.param(rows("60", "2") + rows("9", "9", revision="ffffffffffff"), Counted(60, 2), id="not another revision's"),
        pytest.param(rows("60", None), None, id="failures not counted are not none"),
        pytest.param(rows("60", "NaN"), None, id="no number"),
        pytest.param(rows("5", "0", "b", SCRAPED + 1) + rows("60", "2"), Counted(5, 0), id="the newest scrape"),
    ],
)
def test_rows_of_a_revision(given, counted):
    assert counted_rows(samples(given)).get(("plant-a", "e", "0123456789ab")) == counted


def asked(asked, failed, instance="a", revision="0123456789ab"):
    labels = {"namespace": "plant-a", "deployment": "e", "slot": "candidate", "revision": revision, "instance": instance}
    named = {"andon_asked_requests_total": asked, "andon_failed_requests_total": failed}
    return [entry(name, value, **labels) for name, value in named.items()] + [scrape(SCRAPED, **labels)]


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        pytest.param(asked("60", "2"), Counted(60, 2), id="of one server"),
        pytest.param(asked("60", "2") + asked("7", "1", "b"), Counted(67, 3), id="of all replicas together"),
        pytest.param(asked("60", "2", revision="ffffffffffff"), None, id="not another revision's"),
        pytest.param(asked("60", "2") + asked("NaN", "0", "b"), Counted(60, 2), id="no number"),
    ],
)
def test_requests_of_a_revision(given, counted):
    assert counted_requests(samples(given)).get(("plant-a", "e", "0123456789ab")) == counted
