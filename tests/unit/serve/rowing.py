"""Rows, labels and panels for whatever scores rows."""

import numpy as np

from andon.api.slots import Slots
from andon.runtime.serve.model import OnnxModel
from andon.runtime.serve.rows.intake import Portion
from andon.runtime.serve.rows.labels import Labels
from andon.runtime.serve.rows.panel import Panel
from andon.runtime.serve.slots.loading import Loaded
from andon.stats.blocks import Rows
from unit.serve.models import slot
from unit.serve.references import a_profile, sound, truth

EVERY_MS = 200
TAGS = tuple("abc")
GOOD = 0


def a_revision(folder, version, content, profile=None):
    """One that is loaded, with a profile."""
    profile = profile or a_profile()
    named = slot(folder, version, content, profile)
    return Loaded(named, OnnxModel(folder / f"model-{version}.onnx"), profile)


def a_panel(stable, candidate=None, reference=None, labels=True, asset=None, **orders):
    """These slots, by orders that name them. orders: weight and the like."""
    where = {"url": "http://collector/labels", "delay": "60s"} if labels else None
    inputs = {"rows": "http://collector/rows", "every": "200ms", "max_age": "2s", "labels": where, "asset": asset}
    named = {
        name: loaded.slot if loaded else None
        for name, loaded in (("stable", stable), ("candidate", candidate), ("reference", reference))
    }
    slots = Slots(namespace="plant-a", deployment="product-e", inputs=inputs, **named, **orders)
    return Panel(slots, slots.inputs, stable, stable.profile, candidate, reference)


def portion(first, last, reading=sound, regime=None):
    """Rows first to last, the last included. reading: value of a tag in row i, None where there is none."""
    numbers = range(first, last + 1)
    values = np.array([[reading(i, tag) for tag in TAGS] for i in numbers], dtype=np.float64)
    times_ms = tuple(i * EVERY_MS for i in numbers)
    names = (regime,) * len(times_ms) if regime else None
    rows = Rows(TAGS, np.array(times_ms) / 1000, EVERY_MS / 1000, values, np.zeros_like(values), np.zeros_like(values), names)
    return Portion(rows, times_ms, times_ms[-1], 0)


def labels(first, last):
    """Their labels, of which the last one's number is the cursor."""
    return Labels("y", {i * EVERY_MS: truth(i) for i in range(first, last + 1)}, last)
