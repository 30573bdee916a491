"""A process of six tags that move together, what it measures in row i, and profiles of models of it."""

from functools import cache

import numpy as np

from andon.api.pipeline import Feature
from andon.stats.blocks import Rows
from andon.stats.build import Reference
from andon.stats.build import profile as build

TAGS = tuple("abcdef")
ROWS = 8000
FIRST_OF_REFERENCE = 6000
_rng = np.random.default_rng(7)
_TRUTH = np.clip(4.5 + 1.2 * _rng.normal(size=(ROWS, 1)) + 0.6 * _rng.normal(size=(ROWS, len(TAGS))), 0.0, 8.99)
_NOISE = _rng.normal(size=ROWS)


def sound(i, tag):
    """What a sound sensor shows in row i: it moves, and with the others."""
    return float(_TRUTH[i, TAGS.index(tag)])


def truth(i, tags="abc", rmse=1.0):
    """What the model that sums the tags predicts, with an error of this RMSE."""
    return sum(sound(i, tag) for tag in tags) + rmse * float(_NOISE[i])


@cache
def a_profile(tags="abc", rmse=1.0, regimes=("",), labelled=True):
    """Of the model that sums these tags, in their order. regimes: that the reference has seen, in turn."""
    values = _TRUTH[FIRST_OF_REFERENCE:, [TAGS.index(tag) for tag in tags]]
    n = len(values)
    names = tuple(np.repeat(regimes, -(-n // len(regimes)))[:n].tolist())
    times = 1e9 + 0.2 * np.arange(n)
    rows = Rows(tuple(tags), times, 0.2, values, np.zeros(values.shape), np.full(values.shape, 0.05), names)
    prediction = values.sum(axis=1)
    labels = prediction + rmse * _NOISE[FIRST_OF_REFERENCE:] if labelled else np.full(n, np.nan)
    features = [Feature(name=tag, tag=tag) for tag in tags]
    return build(Reference(rows, features, "200ms", prediction, labels, held_out=np.ones(n, dtype=np.bool_), target="y"))
