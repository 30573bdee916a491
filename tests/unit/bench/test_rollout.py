"""The bench of rollouts: who is judged by what, and what its figures say."""

import pytest

from bench.rollout import report, scenes
from bench.rollout.flagger import PEER, Canary, Seen
from bench.rollout.scenes import TROUBLES, Window


def canary(*seen: Seen) -> Canary:
    return Canary("fastest", "bad", 0, "10s", 20, list(seen))


def test_every_illness_meets_flagger_at_its_fastest_and_the_long_one_at_that_alone():
    found = scenes.canaries(scenes.SCENES)
    assert {c.scene for c in found if c.setting == "fastest"} == set(scenes.SCENES)
    assert {c.scene for c in found if c.setting == "default"} == set(scenes.SCENES) - {"away-5min"}
    assert len({c.name for c in found}) == len(found)


def test_bad_rows_are_counted_from_the_first_share_to_the_last():
    gone = canary(Seen(100, "Initialized", 0), Seen(110, "Progressing", 20), Seen(120, "Progressing", 40), Seen(130, "Failed", 0))
    found = scenes._rolled_back(gone, rate=5)
    assert (found["seconds"], found["badRows"]) == (20, round(10 * 5 * 0.2 + 10 * 5 * 0.4))


@pytest.mark.parametrize(
    ("seen", "did"),
    [
        pytest.param([Seen(90, "Progressing", 3), Seen(150, "Failed", 0)], "rolled back", id="rolled back, a look after its end"),
        pytest.param([Seen(90, "Progressing", 3)], "held", id="held"),
        pytest.param([Seen(90, "Progressing", 3), Seen(120, "Progressing", 5)], "went on, 3 % to 5 %", id="went on"),
    ],
)
def test_what_an_illness_came_to(seen, did):
    assert scenes._after(canary(*seen), Window(TROUBLES[0], 100, 130))["did"] == did


def bad(who: str, setting: str, seconds: float, rows: int) -> dict[str, object]:
    return {"who": who, "scene": "bad", "setting": setting, "seconds": seconds, "badRows": rows}


@pytest.mark.parametrize(
    ("seconds", "rows", "held"), [(12.0, 8, [True, True]), (20.0, 8, [False, True]), (12.0, 20, [True, False])]
)
def test_the_musts_ask_for_less_on_both(seconds, rows, held):
    results = [bad("andon", "", seconds, rows), bad("flagger", "fastest", 20.0, 20), bad("flagger", "default", 120.0, 120)]
    assert [must["ok"] for must in report.musts(results)] == held
    assert "120.0" in report.text(report.document(results, rate=5))


@pytest.mark.parametrize("false", [True, False])
def test_a_false_rollback_of_andons_fails_the_bench(false):
    result = {"who": "andon", "scene": "nan", "setting": "", "did": "held", "falseRollback": false}
    assert [must["ok"] for must in report.musts([result])] == [not false]


def test_flagger_is_built_from_what_its_module_pins():
    pins = (PEER.folder / "go.mod").read_text()
    assert [f"tool {tool.package}" in pins for tool in PEER.tools] == [True]
    assert "github.com/fluxcd/flagger v1.44.0" in pins
