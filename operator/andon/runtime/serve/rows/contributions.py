"""Why is a prediction as it is? What each feature contributed, by occlusion: no model needs to know how it is explained.

A feature's contribution is the answer less the mean answer with that feature at values that are typical for it. All of them are
asked for in one run of at most MOST_ROWS rows. Štrumbelj and Kononenko, "Explaining prediction models and individual predictions
with feature contributions", Knowledge and Information Systems 41 (2014), with sets of one feature.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.runtime.serve.rows.journal import Given
from andon.runtime.serve.slots.loading import Loaded
from andon.stats.profile import Profile, RegimeReference, TagReference, tags_of

VALUES: Final = 8
MOST_ROWS: Final = 4096
"""Of one explanation, for a model of any width: very wide ones are asked with fewer values."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature did to the answer, in the answer's unit. value: that it had."""

    feature: str
    tag: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """contributions: strongest first. typical: the mean answer in the reference. remainder: what the contributions leave of the
    answer's distance from it, since features act together."""

    contributions: tuple[Contribution, ...]
    typical: float
    remainder: float

    def document(self) -> dict[str, Any]:
        """As it is told and kept; JSON."""
        listed = [
            {"feature": c.feature, "tag": c.tag, "value": c.value, "contribution": c.contribution} for c in self.contributions
        ]
        return {"contributions": listed, "typical": self.typical, "remainder": self.remainder}


def explain(loaded: Loaded, profile: Profile, given: Given, answer: float) -> Explanation:
    """What each feature contributed to an answer of this revision. given: finite features, in the profile's order.

    Where the model has no finite answer to any of the occluded rows, the feature is left out.
    """
    regime = next((r for r in profile.regimes if r.name == given.regime), max(profile.regimes, key=lambda r: r.rows))
    typical = _typical(profile, regime)
    features, values = typical.shape
    rows = np.tile(given.features, (features * values, 1))
    rows[np.arange(features * values), np.repeat(np.arange(features), values)] = typical.ravel()
    answers = loaded.model.predict(rows).reshape(features, values)
    told: NDArray[np.bool_] = np.isfinite(answers)
    known = told.sum(axis=1) > 0
    means = np.where(told, answers, 0.0).sum(axis=1) / np.maximum(told.sum(axis=1), 1)
    found = [
        Contribution(f.name, f.tag, float(given.features[i]), float(answer - means[i]))
        for i, f in enumerate(profile.features)
        if known[i]
    ]
    found.sort(key=lambda c: -abs(c.contribution))
    mean = regime.prediction.mean
    return Explanation(tuple(found), mean, answer - mean - sum(c.contribution for c in found))


def _typical(profile: Profile, regime: RegimeReference) -> Floats:
    """Values spread over each feature's reference, (features, values)."""
    count = max(1, min(VALUES, MOST_ROWS // len(profile.features)))
    of_tag = {tag: _quantiles(reference, count) for tag, reference in zip(tags_of(profile), regime.tags, strict=True)}
    return np.array([of_tag[f.tag] for f in profile.features])


def _quantiles(reference: TagReference, count: int) -> Floats:
    """As many values with equal shares of the reference around them, none beyond the outermost edges of its bins."""
    edges, counts = np.array(reference.bins.edges), np.array(reference.bins.counts)
    if edges.size == 0:
        return np.full(count, reference.mean)
    below = np.cumsum(counts)[:-1] / max(counts.sum(), 1)
    return np.asarray(np.interp((np.arange(count) + 0.5) / count, below, edges), dtype=np.float64)
