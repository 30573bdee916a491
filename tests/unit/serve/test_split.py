"""Who answers while a candidate has a share: a request, an asset, a row."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.runtime.serve.split import Split
from andon.stats.blocks import BLOCK_ROWS

weights = st.integers(0, 100)
ASSETS = [f"press-{n}" for n in range(2000)]


def by_block(weight, blocks, every_ms=200):
    return [Split(weight).for_row(block * BLOCK_ROWS * every_ms, every_ms) for block in blocks]


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        pytest.param(0, [False] * 10, id="no share: the stable answers all"),
        pytest.param(100, [True] * 10, id="all of it"),
        pytest.param(20, [False, False, False, False, True] * 2, id="20 %: every fifth"),
        pytest.param(50, [False, True] * 5, id="half: every other"),
        pytest.param(80, [False, True, True, True, True] * 2, id="80 %: four of five"),
    ],
)
def test_blocks_and_requests_are_dealt_evenly(weight, expected):
    split = Split(weight)
    assert by_block(weight, range(10)) == expected
    assert [split.for_request() for _ in range(10)] == expected


@given(weights, st.integers(0, 10**10))
def test_of_a_hundred_blocks_in_a_row_exactly_the_weight_is_the_candidates(weight, first):
    assert sum(by_block(weight, range(first, first + 100))) == weight


@given(weights, st.integers(0, 500))
def test_of_a_hundred_requests_in_a_row_exactly_the_weight_is_the_candidates(weight, before):
    split = Split(weight)
    for _ in range(before):
        split.for_request()
    assert sum(split.for_request() for _ in range(100)) == weight


@given(weights, st.integers(0, 10**9), st.integers(1, 10_000), st.integers(0, BLOCK_ROWS - 1))
def test_rows_of_one_block_are_answered_by_one_revision(weight, block, every_ms, row):
    first = block * BLOCK_ROWS * every_ms
    assert Split(weight).for_row(first + row * every_ms, every_ms) == Split(weight).for_row(first, every_ms)


@given(st.text(), weights, weights)
def test_more_weight_moves_an_asset_to_the_candidate_and_never_back(asset, one, other):
    less, more = sorted((one, other))
    assert Split(less).for_asset(asset) <= Split(more).for_asset(asset)


@pytest.mark.parametrize("weight", [0, 5, 20, 50, 95, 100])
def test_the_candidates_share_of_many_assets_is_about_the_weight(weight):
    share = sum(map(Split(weight).for_asset, ASSETS)) / len(ASSETS)
    assert share == pytest.approx(weight / 100, abs=0.03 if 0 < weight < 100 else 0)


def test_an_asset_stays_with_its_revision_in_another_process():
    question = "''.join('01'[Split(50).for_asset(f'press-{n}')] for n in range(50))"
    ask = f"from andon.runtime.serve.split import Split\nprint({question})"
    here = "".join("01"[Split(50).for_asset(asset)] for asset in ASSETS[:50])
    there = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=30)
    assert there.stdout.strip() == here


@pytest.mark.parametrize("weight", [-1, 101])
def test_what_is_no_percentage_is_refused(weight):
    with pytest.raises(ValueError, match=f"weight is {weight}"):
        Split(weight)
