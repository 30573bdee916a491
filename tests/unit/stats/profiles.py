"""A process whose tags hang together, rows of it, and profiles made of them as training makes them."""

from functools import cache

import numpy as np

from andon.api.pipeline import Feature
from andon.stats import build
from andon.stats.blocks import Rows

TAGS = tuple("abcdefgh")
EVERY, MAX_AGE = 1.0, 30.0
REFERENCE_ROWS = 2000


def moving(n, series, memory, rng):
    """Independent stationary AR(1) series of standard deviation 1, (n, series)."""
    values, last = np.empty((n, series)), rng.normal(size=series)
    for i in range(n):
        values[i] = last
        last = memory * last + np.sqrt(1 - memory**2) * rng.normal(size=series)
    return values


@cache
def _loadings(tags):
    return np.random.default_rng(1).uniform(0.5, 1.5, (2, tags)) * np.random.default_rng(2).choice([-1, 1], (2, tags))


def a_process(n, seed, tags=8):
    """Two slow movements that every tag follows in its own way, and some noise: standardised, (n, tags)."""
    rng = np.random.default_rng(seed)
    values = moving(n, 2, 0.8, rng) @ _loadings(tags) + 0.5 * moving(n, tags, 0.3, rng)
    return values / np.sqrt((_loadings(tags) ** 2).sum(axis=0) + 0.25)


def along(movement):
    """One standard deviation of one of the two movements, in those of the tags."""
    return _loadings(len(TAGS))[movement] / np.sqrt((_loadings(len(TAGS)) ** 2).sum(axis=0) + 0.25)


def in_units(z):
    """Every tag in a unit of its own."""
    t = np.arange(z.shape[1])
    return 100.0 * (t + 1) + z * 10.0 ** (t % 5 - 2)


def rows(values, first=0, regimes=None, **columns):
    """Sound rows of these values, (rows, tags), one a second; columns: status or ages that differ."""
    good = {"status": np.zeros(values.shape), "ages": np.full(values.shape, 0.1)}
    tags = TAGS if values.shape[1] == len(TAGS) else tuple(f"t{i}" for i in range(values.shape[1]))
    times = 1e6 + first + EVERY * np.arange(len(values))
    return Rows(tags, times, EVERY, values, **{**good, **columns}, regimes=regimes)


def reference(given, prediction=None, labels=None, held_out=True, every="1s", target="y", features=None):
    """What a profile is made of: by default every tag is a feature, and the model answers with their mean."""
    features = [Feature(name=tag, tag=tag) for tag in given.tags] if features is None else features
    prediction = given.values.mean(axis=1) if prediction is None else prediction
    labels = np.full(len(given), np.nan) if labels is None else labels
    return build.Reference(given, features, every, prediction, labels, np.full(len(given), held_out), target)


def a_profile(rmse=1.0, every="200ms", **tags):
    """tags: name=((min, max), longest run of equal values)."""
    n = max(run for _, run in tags.values()) + 3 * build.LEAST_ROWS
    values = np.stack([_column(n, *bounds, run) for bounds, run in tags.values()], axis=1)
    times = 1e6 + np.arange(n)
    given = Rows(tuple(tags), times, 1.0, values, np.zeros(values.shape), np.full(values.shape, 0.1))
    labels = values.mean(axis=1) + rmse * np.resize([1.0, -1.0], n)
    return build.profile(reference(given, labels=labels, every=every))


def _column(n, low, high, run):
    """From low to high and back, once staying at low for run rows."""
    if low == high:
        return np.full(n, low)
    steps = np.linspace(low, high, 13)
    return np.concatenate([np.full(run - 1, low), np.resize(steps, n - run + 1)])


@cache
def of_the_process(regime="", labelled=True):
    """The profile of 2,000 sound rows of the process, whose model errs by a tenth of what it predicts about."""
    z = a_process(REFERENCE_ROWS, seed=11)
    rng = np.random.default_rng(12)
    labels = truth(z) + 0.1 * rng.normal(size=len(z)) if labelled else None
    given = rows(in_units(z), regimes=(regime,) * len(z))
    return build.profile(reference(given, prediction=truth(z), labels=labels))


def truth(z):
    """What a model of the process ought to say."""
    return z[:, :4].mean(axis=1)
