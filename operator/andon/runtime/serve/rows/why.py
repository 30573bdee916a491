"""Why did consumers get this prediction? What is kept of it, and what each feature contributed, reckoned now if not then."""

from typing import Any

import numpy as np

from andon.runtime.serve.rows.contributions import explain
from andon.runtime.serve.rows.journal import Given, Journal, Prediction
from andon.runtime.serve.rows.panel import Panel


def why(journal: Journal, time_ms: int, panel: Panel | None) -> dict[str, Any] | None:
    """The answer to a row and its explanation, JSON; None when it is not kept. A good value that stood in is explained by its
    own row. panel: the slots as they are now, None before there are any."""
    found = journal.at(time_ms)
    if found is None:
        return None
    answer = found[1]
    of_value = journal.at(answer.value_ms)
    identity = {"revision": answer.version, "digest": answer.digest, "quality": answer.quality}
    return {"prediction": answer.document()} | _explanation(journal, of_value, panel) | identity


def _explanation(journal: Journal, found: tuple[int, Prediction] | None, panel: Panel | None) -> dict[str, Any]:
    if found is None:
        return _unexplained("the row that this value is of is no longer kept")
    number, prediction = found
    return journal.explanation(number) or explained(prediction, journal.given(number), panel)


def explained(prediction: Prediction, given: Given | None, panel: Panel | None) -> dict[str, Any]:
    """What each feature contributed, JSON; without contributions it says why there are none."""
    loaded = next((one for one in panel.slots().values() if one.slot.digest == prediction.digest), None) if panel else None
    if prediction.value is None:
        return _unexplained("there is no value: the reason says what was missing")
    if given is None or not np.isfinite(given.features).all():
        return _unexplained("what the model was given is no longer kept")
    if loaded is None or panel is None:
        return _unexplained(f"version {prediction.version} is in no slot any more: load it again to have it explained")
    profile, digest = panel.profile, panel.stable.slot.profile_digest
    if loaded.profile:
        profile, digest = loaded.profile, loaded.slot.profile_digest
    reckoned = explain(loaded, profile, given, prediction.value).document()
    return reckoned | {"profileDigest": digest, "unexplained": None}


def _unexplained(because: str) -> dict[str, Any]:
    return {"contributions": [], "typical": None, "remainder": None, "profileDigest": None, "unexplained": because}
