"""When may a Lease be taken that others held? By the own clock alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.ports.lease import DURATION, Lease, Sighting

HELD = Lease(version="7", holder="a", duration=10)
RENEWED = Lease(version="8", holder="a", duration=10)
NOT_THERE = Lease()


@pytest.mark.parametrize(
    ("seen", "then", "free_at"),
    [
        pytest.param(NOT_THERE, [], 0, id="there is none: at once"),
        pytest.param(Lease(version="7"), [], 0, id="nobody holds it: at once"),
        pytest.param(HELD, [], 10, id="held: when its time has passed since it was first seen, not since it was renewed"),
        pytest.param(HELD, [(HELD, 4)], 10, id="seen again unchanged: no later"),
        pytest.param(HELD, [(RENEWED, 4)], 14, id="renewed: from then on"),
        pytest.param(HELD, [(Lease(version="8", holder="b", duration=30), 4)], 34, id="another took it for longer"),
        pytest.param(HELD, [(Lease(version="8"), 4)], 4, id="given back: at once"),
        pytest.param(HELD, [(NOT_THERE, 4)], 14, id="deleted: its holder may not know yet"),
        pytest.param(HELD, [(NOT_THERE, 4), (NOT_THERE, 9)], 14, id="deleted, and seen so again: no later"),
        pytest.param(NOT_THERE, [(HELD, 4)], 14, id="another was quicker"),
    ],
)
def test_when_it_is_free(seen: Lease, then: list[tuple[Lease, float]], free_at: float):
    sighting = Sighting(seen, 0.0)
    for lease, now in then:
        sighting = sighting.then(lease, now)
    assert sighting.free_at == free_at


@given(st.lists(st.floats(0.1, DURATION - 0.1), min_size=1, max_size=20))
def test_who_renews_in_time_is_never_replaced(pauses: list[float]):
    now, sighting = 0.0, Sighting(HELD, 0.0)
    for number, pause in enumerate(pauses):
        now += pause
        assert now < sighting.free_at
        sighting = sighting.then(Lease(version=f"renewal {number}", holder="a"), now)
