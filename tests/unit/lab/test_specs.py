"""Specs for a plant at another speed."""

from pathlib import Path

import pytest

from andon.lab.specs import WRITTEN_FOR, at_speed, scaled

SPECS = Path(__file__).resolve().parents[3] / "specs"


@pytest.mark.parametrize(
    ("text", "factor", "longer"),
    [
        pytest.param("{every: 200ms, minRows: 400}", 2, "{every: 400ms, minRows: 400}", id="the clock of rows"),
        pytest.param("maxAge: 2s}", 4.5, "maxAge: 9000ms}", id="seconds"),
        pytest.param("{tag: y, delay: 1s}", 2, "{tag: y, delay: 2000ms}", id="how late labels are"),
        pytest.param("{tag: g, settle: 200ms}", 2, "{tag: g, settle: 400ms}", id="how long the plant settles"),
        pytest.param("rotate: 5s", 0.5, "rotate: 2500ms", id="faster, too"),
        pytest.param("  interval: 5s", 2, "  interval: 5s", id="the policy's interval goes with Prometheus, not with the plant"),
    ],
)
def test_what_is_measured_in_rows_goes_with_the_plant(text, factor, longer):
    assert scaled(text, factor) == longer


def test_a_lab_at_another_speed_has_specs_of_its_own_and_leaves_the_users_alone(tmp_path: Path):
    before = {path: path.read_bytes() for path in SPECS.rglob("*.yaml")}
    folder = at_speed(SPECS, tmp_path / "specs", WRITTEN_FOR / 2)
    assert "every: 400ms" in (folder / "plant-a" / "product-e.yaml").read_text()
    assert {path: path.read_bytes() for path in SPECS.rglob("*.yaml")} == before
    assert at_speed(SPECS, tmp_path / "same", WRITTEN_FOR) == SPECS
