"""What the fuzzer starts from, and what it has found: none of these files is spoilt."""

from pathlib import Path

import pytest

from fuzz.attempt import attempt, by_1_1, by_1_2, check_bytes, check_meaning

CORPUS = sorted((Path(__file__).parents[3] / "fuzz" / "corpus").iterdir())
REFUSED = {"alias", "merge", "duplicate", "block", "tagged", "template", "empty"}


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_file_is_edited_or_refused_and_never_spoilt(file):
    assert attempt(file.read_bytes()) is (file.name not in REFUSED)


@pytest.mark.parametrize(
    ("after", "start"),
    [
        pytest.param("a: 'b'\nc:  d\n", 0, id="a byte elsewhere"),
        pytest.param("a: '3'\nc: d", 3, id="the last newline"),
        pytest.param("a: '3\n\n  x'\nc: d\n", 3, id="more lines"),
    ],
)
def test_the_judge_sees_other_bytes(after, start):
    with pytest.raises(AssertionError):
        check_bytes(b"a: '2'\nc: d\n", after.encode(), start, 6)


@pytest.mark.parametrize("reader", [by_1_1, by_1_2])
@pytest.mark.parametrize(
    "after",
    ["a: '3'\nc: e\n", "a: 3\nc: d\n", "a: {b: '3'}\nc: d\n", "a: &x '3'\nc: d\n", "a: '3'\nc: d\ne: f\n", "a: '3\nc: d\n"],
)
def test_the_judge_sees_another_meaning(reader, after):
    check_meaning(reader, "a: v2\nc: d\n", "a: '3'\nc: d\n", "3")
    with pytest.raises(AssertionError):
        check_meaning(reader, "a: v2\nc: d\n", after, "3")
