"""What was sent beside what arrived: each way in which they can differ is its own number."""

import pytest

from andon.lab.demo.line import Delivery


def row(time: int, value: float | None = 1.0, version: str = "1") -> dict[str, object]:
    return {"time": time, "version": version, "value": value}


LOG = [row(200), row(400), row(600, 2.0, "2"), row(800)]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param(LOG, Delivery(4, 4, 0, 0, in_order=True, alike=True), id="all of it"),
        pytest.param(LOG[1:], Delivery(3, 3, 0, 0, in_order=True, alike=True), id="what was sent before the first is not missed"),
        pytest.param([LOG[0], *LOG[2:]], Delivery(4, 3, 1, 0, in_order=True, alike=True), id="one is missing"),
        pytest.param([*LOG[:2], *LOG[1:]], Delivery(4, 5, 0, 1, in_order=True, alike=True), id="one came twice"),
        pytest.param([LOG[0], LOG[2], LOG[1], LOG[3]], Delivery(4, 4, 0, 0, in_order=False, alike=True), id="not in order"),
        pytest.param(
            [*LOG[:2], row(600, 1.0), LOG[3]], Delivery(4, 4, 0, 0, in_order=True, alike=False), id="of another version"
        ),
        pytest.param([*LOG, row(1000)], Delivery(4, 4, 0, 0, in_order=True, alike=True), id="what comes later is not looked at"),
        pytest.param([], Delivery(4, 0, 4, 0, in_order=True, alike=True), id="nothing came"),
    ],
)
def test_a_delivery_is_judged_row_by_row(messages, expected):
    assert Delivery.of(LOG, messages, until=800) == expected


def test_a_row_that_had_no_answer_is_not_missed():
    assert Delivery.of([row(200), row(400, None), row(600)], [row(200), row(600)], until=600).missing == 0
