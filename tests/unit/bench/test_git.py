"""The bench of git: what its figures must be."""

import pytest

from bench.git import report

RACE = {"scene": "race", "landedOnce": 20, "seconds": 12.0}
TWO = {"scene": "two operators", "decisions": 10, "commits": 10}
MANY = {"scene": "thousand", "commits": 1000, "childrenLeft": 0, "filesLeft": 0}


def broken(*results):
    return [must["name"] for must in report.musts(results) if not must["ok"]]


def test_all_of_it_holds_together_and_what_was_not_played_is_not_judged():
    assert broken(RACE, TWO, MANY) == []
    assert report.musts([]) == []


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (RACE | {"landedOnce": 19}, "landed once"),
        (RACE | {"seconds": 60.1}, "seconds"),
        (TWO | {"commits": 11}, "two operators"),
        (MANY | {"childrenLeft": 1}, "child processes"),
        (MANY | {"filesLeft": 2}, "open files"),
    ],
)
def test_each_must_can_be_broken(result, says):
    (name,) = broken(result)
    assert says in name
    assert "**does not**" in report.text({"results": [result], "musts": report.musts([result])})
