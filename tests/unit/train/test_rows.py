"""Every row is used or counted, and holds what the server would have seen."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import landed
from andon.api.datasource import QuarantineWindow, RegimeTag
from andon.runtime.train import landing
from andon.runtime.train.config import TrainConfig
from andon.runtime.train.landing import Landing, Records
from andon.runtime.train.outcome import TrainingFailed, TryAgain
from andon.runtime.train.rows import Counts, Rows, assemble, check

FEATURES = [{"name": "first", "tag": "a"}, {"name": "second", "tag": "b"}]
ORDER = landed.order(features=FEATURES, data={"target": "y", "minRows": 50})


def steady(count: int = 60) -> list[dict[str, Any]]:
    """Both features and the label at every clock time; values tell the row they belong to."""
    numbers = np.arange(count, dtype=float)
    return landed.series({"a": numbers, "b": -numbers, "y": numbers / 10})


def rows_of(folder: Path, records: list[dict[str, Any]], order: TrainConfig = ORDER) -> Rows:
    landed.write(folder, records)
    return assemble(order, landing.read(folder, {"a", "b", "y"}))


def at(row: int) -> int:
    return landed.START_MS + row * landed.EVERY_MS


def instant(row: float) -> str:
    return datetime.fromtimestamp((landed.START_MS + row * landed.EVERY_MS) / 1000, UTC).isoformat()


def test_sound_records_give_one_row_per_clock_time(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, steady())
    assert rows.counts == Counts(all=60, quarantined=0, missing=0, bad=0, unlabelled=0, used=60)
    assert rows.at_ms.tolist() == [at(i) for i in range(60)]
    assert rows.features.dtype == np.float32
    assert rows.features[17].tolist() == [17.0, -17.0]
    assert rows.target[17] == pytest.approx(1.7)


def test_a_late_label_belongs_to_the_row_of_its_own_source_time(tmp_path: Path) -> None:
    late = [r | {"received_ts": r["received_ts"] + 1_000_000} if r["tag"] == "y" else r for r in steady()]
    assert rows_of(tmp_path, late).target[17] == pytest.approx(1.7)


def test_a_label_between_two_clock_times_belongs_to_the_row_that_closes_its_period(tmp_path: Path) -> None:
    records = [r for r in steady() if not (r["tag"] == "y" and r["source_ts"] == at(17) * 1000)]
    rows = rows_of(tmp_path, [*records, landed.record("y", at(17) - 50, 99.0)])
    assert rows.target[17] == 99.0


def test_a_label_is_not_used_for_the_rows_after_its_own(tmp_path: Path) -> None:
    every_third = [r for i, r in enumerate(steady(180)) if r["tag"] != "y" or i % 3 == 0]
    rows = rows_of(tmp_path, every_third)
    assert rows.counts == Counts(all=180, quarantined=0, missing=0, bad=0, unlabelled=120, used=60)
    assert rows.target[1] == pytest.approx(0.3)


def test_a_bad_label_is_no_label(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [*steady(), landed.record("y", at(60), None, landed.BAD), landed.record("a", at(60), 1.0)])
    assert rows.counts.unlabelled == 1


def test_a_row_with_a_bad_value_is_dropped_and_counted(tmp_path: Path) -> None:
    records = [
        r | {"value": None, "status": landed.BAD} if r["tag"] == "b" and r["source_ts"] == at(5) * 1000 else r for r in steady()
    ]
    rows = rows_of(tmp_path, records)
    assert (rows.counts.bad, rows.counts.used) == (1, 59)
    assert at(5) not in rows.at_ms


def test_rows_before_a_tag_was_ever_seen_are_missing_it(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [r for r in steady() if r["tag"] != "b" or r["source_ts"] >= at(4) * 1000])
    assert (rows.counts.missing, rows.counts.used) == (4, 56)


def test_a_tag_that_reports_on_change_holds_its_value(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [r for r in steady() if r["tag"] != "b" or r["source_ts"] == at(0) * 1000])
    assert rows.counts.used == 60
    assert set(rows.features[:, 1]) == {0.0}


def test_the_reference_is_of_all_sound_rows_labelled_or_not(tmp_path: Path) -> None:
    landed.quarantine(tmp_path, {"tags": ["a"], "since": instant(5), "until": instant(8)})
    every_third = [r for i, r in enumerate(steady(60)) if r["tag"] != "y" or i % 3 == 0]
    rows = rows_of(tmp_path, every_third)
    sound = rows.sound
    assert sound.at_ms.tolist() == [at(i) for i in range(60) if not 5 <= i <= 8]
    assert sound.at_ms[sound.labelled].tolist() == rows.at_ms.tolist()
    assert sound.features[sound.labelled].tolist() == rows.features.tolist()
    assert np.isnan(sound.label[~sound.labelled]).all()
    assert sound.regimes is None


def test_rows_of_a_source_with_a_regime_have_the_one_that_the_server_would_have_seen(tmp_path: Path) -> None:
    order = ORDER.model_copy(update={"regime": RegimeTag(tag="grade", settle="1s")})
    grades = [landed.record("grade", at(i), grade) for i, grade in ((-10, 1.0), (20, 2.0), (40, None))]
    landed.write(tmp_path, [*steady(), *grades])
    sound = assemble(order, landing.read(tmp_path, order.needed)).sound
    assert sound.regimes == ("1",) * 20 + ("Settling",) * 5 + ("2",) * 15 + ("Settling",) * 20


def test_a_quarantined_regime_tag_quarantines_its_rows(tmp_path: Path) -> None:
    order = ORDER.model_copy(update={"regime": RegimeTag(tag="grade", settle="1s")})
    landed.quarantine(tmp_path, {"tags": ["grade"], "since": instant(50)})
    landed.write(tmp_path, [*steady(), *landed.series({"grade": np.ones(60)})])
    assert assemble(order, landing.read(tmp_path, order.needed)).counts.quarantined == 10


@pytest.mark.parametrize("tag", ["a", "y"])
def test_rows_of_a_quarantined_window_are_left_out(tag: str, tmp_path: Path) -> None:
    landed.quarantine(tmp_path, {"tags": [tag], "since": instant(2.5), "until": instant(5)})
    rows = rows_of(tmp_path, steady())
    assert (rows.counts.quarantined, rows.counts.used) == (3, 57)
    assert not {at(3), at(4), at(5)} & set(rows.at_ms.tolist())


def test_a_value_made_in_a_quarantined_window_is_not_believed_later(tmp_path: Path) -> None:
    landed.quarantine(tmp_path, {"tags": ["b"], "since": instant(3), "until": instant(3.5)})
    silent_until_6 = [r for r in steady() if r["tag"] != "b" or not at(3) * 1000 < r["source_ts"] < at(6) * 1000]
    assert rows_of(tmp_path, silent_until_6).counts.quarantined == 3


def test_an_open_window_has_no_end(tmp_path: Path) -> None:
    landed.quarantine(tmp_path, {"tags": ["a"], "since": instant(55)})
    assert rows_of(tmp_path, steady()).counts.quarantined == 5


def test_rows_of_a_slower_plant_repeat_as_the_server_sees_them(tmp_path: Path) -> None:
    slow = {"a": np.arange(60.0), "b": np.arange(60.0), "y": np.arange(60.0)}
    rows = rows_of(tmp_path, landed.series(slow, every_ms=3 * landed.EVERY_MS))
    assert rows.sound.features[:6, 0].tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    assert (rows.counts.all, rows.counts.unlabelled, rows.counts.used) == (178, 118, 60)


def test_no_row_stands_where_nothing_reported(tmp_path: Path) -> None:
    records = steady() + landed.series({tag: np.arange(3.0) for tag in "aby"}, at(600))
    assert rows_of(tmp_path, records).counts.all == 63


def test_the_latest_quarter_is_held_out(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, steady())
    fit, held_out = rows.split
    assert rows.at_ms[fit].size == 45
    assert rows.at_ms[held_out].size == 15
    assert rows.at_ms[fit].max() < rows.at_ms[held_out].min()


def test_too_few_rows_say_what_became_of_the_others(tmp_path: Path) -> None:
    landed.quarantine(tmp_path, {"tags": ["a"], "since": instant(44)})
    rows = rows_of(tmp_path, steady())
    with pytest.raises(TryAgain, match=r"44 of 60 rows can be used; 16 quarantined \(limit 90% of") as failed:
        check(ORDER, rows)
    assert failed.value.reason == "TooFewRows"


def test_a_label_that_never_changes_stops_training(tmp_path: Path) -> None:
    flat = {"a": np.arange(60.0), "b": np.arange(60.0), "y": np.full(60, 0.8)}
    rows = rows_of(tmp_path, landed.series(flat))
    with pytest.raises(TrainingFailed, match=r"y is 0\.8 in all 60 rows") as failed:
        check(ORDER, rows)
    assert failed.value.reason == "LabelConstant"


def test_a_good_label_that_is_no_number_stops_training(tmp_path: Path) -> None:
    records = [r | {"value": float("nan")} if r["tag"] == "y" and r["source_ts"] == at(5) * 1000 else r for r in steady()]
    rows = rows_of(tmp_path, records)
    with pytest.raises(TrainingFailed, match=r"y: 1 Good values .* the first at 2025-11-22T08:26:41.000Z") as failed:
        check(ORDER, rows)
    assert failed.value.reason == "LabelNotFinite"


@st.composite
def pasts(draw: st.DrawFn) -> Landing:
    """Tags with gaps, Bad values and a window, within a few seconds."""

    def records() -> Records:
        at_ms = np.array(sorted(draw(st.sets(st.integers(0, 20_000), min_size=1, max_size=60))), dtype=np.int64)
        good = np.array([True, *draw(st.lists(st.booleans(), min_size=at_ms.size - 1, max_size=at_ms.size - 1))])
        return Records(at_ms, np.where(good, at_ms / 7.0, np.nan), good)

    since = draw(st.integers(0, 20))
    window = QuarantineWindow.model_validate(
        {"decision": "d", "policy": "p", "fault": "Stuck", "tags": [draw(st.sampled_from("aby"))]}
        | {"since": datetime.fromtimestamp(since, UTC), "until": datetime.fromtimestamp(since + draw(st.integers(0, 5)), UTC)}
    )
    return Landing(files=(), records={tag: records() for tag in "aby"}, repeats=0, windows=(window,))


@given(pasts())
def test_every_row_has_exactly_one_fate(past: Landing) -> None:
    rows = assemble(ORDER, past)
    counts = rows.counts
    assert counts.all == counts.quarantined + counts.missing + counts.bad + counts.unlabelled + counts.used
    assert counts.used == rows.at_ms.size == rows.target.size == len(rows.features)
    assert np.isfinite(rows.features).all()
    (window,) = past.windows
    assert not any(window.covers(window.tags[0], datetime.fromtimestamp(ms / 1000, UTC)) for ms in rows.at_ms)
