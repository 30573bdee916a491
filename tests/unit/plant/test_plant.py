"""What the plant's sensors show, ill and well, and that a restart forgets nothing."""

import numpy as np
import pytest

from andon.lab.plant.plant import LABORATORY, Plant
from andon.lab.plant.recordings import NORMAL
from andon.lab.plant.sensors import BAD_SENSOR_FAILURE, Ill, Illness, Reading, Sensors, TagUnknownError


def tick(plant, time_ms):
    return {m.tag: (m.source_ms, m.reading.value) for m in plant.tick(time_ms).measured}


@pytest.mark.parametrize(
    ("illness", "shows"),
    [
        pytest.param(None, [Reading(2.0), Reading(3.0)], id="well: the truth"),
        pytest.param(Illness(Ill.STUCK), [Reading(1.0), Reading(1.0)], id="stuck: what it showed last"),
        pytest.param(Illness(Ill.BIASED, -0.5), [Reading(1.5), Reading(2.5)], id="biased: the truth and an amount"),
        pytest.param(Illness(Ill.DROPPED), [None, None], id="dropped: nothing"),
        pytest.param(Illness(Ill.BAD), [Reading(None, BAD_SENSOR_FAILURE)] * 2, id="bad: its status"),
    ],
)
def test_sensors(illness, shows):
    sensors = Sensors(["XMEAS_1", "XMEAS_2"])
    assert sensors.read("XMEAS_1", 1.0) == Reading(1.0)
    if illness:
        sensors.make("XMEAS_1", illness)
    assert [sensors.read("XMEAS_1", truth) for truth in (2.0, 3.0)] == shows
    assert sensors.read("XMEAS_2", 2.0) == Reading(2.0)
    sensors.heal()
    assert sensors.read("XMEAS_1", 4.0) == Reading(4.0)


def test_a_sensor_that_never_showed_anything_sticks_at_its_first_value():
    sensors = Sensors(["XMEAS_1"])
    sensors.make("XMEAS_1", Illness(Ill.STUCK))
    assert [sensors.read("XMEAS_1", truth) for truth in (2.0, 3.0)] == [Reading(2.0), Reading(2.0)]


def test_an_unknown_tag_is_named():
    with pytest.raises(TagUnknownError, match="'XMEAS_99' is not a tag of the plant; there are XMEAS_1 to XMEAS_2"):
        Sensors(["XMEAS_1", "XMEAS_2"]).make("XMEAS_99", Illness(Ill.BAD))


def test_the_laboratory_is_five_rows_late_under_the_samples_time():
    plant = Plant()
    ticks = [tick(plant, 1000 + 200 * n) for n in range(8)]
    assert [LABORATORY in shown for shown in ticks] == [False] * 5 + [True] * 3
    assert [shown[LABORATORY] for shown in ticks[5:]] == [(1000 + 200 * n, NORMAL[0].rows[n][37]) for n in range(3)]
    assert all(shown["XMEAS_7"][0] == 1000 + 200 * n for n, shown in enumerate(ticks))


def test_a_restart_goes_on_with_the_next_row_and_the_same_illness(tmp_path):
    plant = Plant()
    for n in range(3):
        tick(plant, n)
    plant.sensors.make("XMEAS_7", Illness(Ill.STUCK))
    plant.save(tmp_path / "plant.json")
    again = Plant()
    again.restore(tmp_path / "plant.json")
    shown = tick(again, 3)
    assert shown["XMEAS_1"][1] == NORMAL[0].rows[3][0]
    assert np.isclose(shown["XMEAS_7"][1], NORMAL[0].rows[2][6])


def test_normal_ends_everything():
    plant = Plant()
    plant.replay.switch(4)
    plant.sensors.make("XMEAS_7", Illness(Ill.BAD))
    plant.normal()
    assert plant.state()["fault"] == 0
    assert plant.state()["sensors"] == {}
