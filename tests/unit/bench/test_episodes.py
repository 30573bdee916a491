import numpy as np
import pytest

from bench.decisions import plants
from bench.decisions.candidates import rmse
from bench.decisions.episodes import CANDIDATE_FROM, CLASSES, make


def same(a, b) -> bool:
    return np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("kind", ["sensor-swapped", "candidate-better+process", "regimes-known", "gaps"])
def test_an_episode_follows_from_its_class_and_seed(kind):
    one, other = make(kind, 3), make(kind, 3)
    assert same(one.rows.values, other.rows.values)
    assert same(one.labels, other.labels)
    assert one.truth == other.truth
    assert not same(one.rows.values, make(kind, 6).rows.values)


@pytest.mark.parametrize("name", plants.NAMES)
def test_no_row_of_an_episode_is_in_the_reference(name):
    plant = plants.plant(name)
    known = {row.tobytes() for row in plant.reference.x}
    seen = [*plant.normal, *(d.rows for d in plant.disturbances), *(d.before for d in plant.disturbances if d.before)]
    assert not known & {row.tobytes() for stretch in seen for row in stretch.x}


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if "-worse" in kind and "unlabelled" not in kind])
def test_a_candidate_is_as_much_worse_as_its_class_says(kind):
    episode = make(kind, 1)
    wanted = 1 + int(kind.split("-")[1]) / 100
    assert episode.truth.rmse_ratio == pytest.approx(wanted)


def test_the_ratio_is_that_of_the_rows_the_candidate_is_judged_on():
    episode = make("candidate-25-worse", 0)
    x, y = episode.rows.values[CANDIDATE_FROM:], episode.labels[CANDIDATE_FROM:]
    assert rmse(episode.candidate(x) - y) / rmse(episode.stable(x) - y) == pytest.approx(1.25)


@pytest.mark.parametrize("which", ["25-worse", "50-worse"])
def test_in_a_disturbance_a_candidate_is_worse_before_it_as_well(which):
    episode = make(f"candidate-{which}+process", 0)
    before = slice(CANDIDATE_FROM, episode.truth.from_row)
    x, y = episode.rows.values[before], episode.labels[before]
    assert rmse(episode.candidate(x) - y) / rmse(episode.stable(x) - y) > 1.1


@pytest.mark.parametrize("seed", [0, 1, 6, 8])
def test_in_a_disturbance_a_good_candidate_is_good_before_it_as_well(seed):
    episode = make("candidate-good+process", seed)
    before = slice(CANDIDATE_FROM, episode.truth.from_row)
    x, y = episode.rows.values[before], episode.labels[before]
    assert rmse(episode.candidate(x) - y) / rmse(episode.stable(x) - y) < 1.021


@pytest.mark.parametrize("seed", range(4))
def test_a_broken_sensor_changes_its_own_column_in_its_own_rows_only(seed):
    sound, broken = make("fault-free", seed), make("sensor-bias-2", seed)
    column = broken.rows.tags.index(broken.truth.tags[0])
    others = [i for i in range(len(broken.rows.tags)) if i != column]
    rows = slice(broken.truth.from_row, broken.truth.until_row)
    assert len(broken.truth.tags) == 1
    assert sound.rows.values.shape == broken.rows.values.shape
    spread = broken.plant.spread[column]
    recorded = {row.tobytes() for stretch in broken.plant.normal for row in stretch.x[:, others].copy()}
    assert {row.tobytes() for row in broken.rows.values[:, others].copy()} <= recorded
    known = {tuple(row[others]): row[column] for stretch in broken.plant.normal for row in stretch.x}
    off = np.array([row[column] - known[tuple(row[others])] for row in broken.rows.values]) / spread
    assert np.abs(off[rows]) == pytest.approx(2.0)
    assert np.delete(off, np.r_[rows]) == pytest.approx(0.0)


def test_a_label_is_there_as_late_as_the_laboratory_is():
    episode = make("fault-free", 0)
    assert (episode.arrival - np.arange(len(episode.rows)) == episode.plant.late).all()
