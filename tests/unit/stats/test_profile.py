"""A profile is a document with one form, and says what is wrong with another. That what is made is read back is in test_build."""

import hashlib
import json
from copy import deepcopy
from typing import Any

import pytest

from andon.stats.profile import MAX_BYTES, Profile, ProfileError, digest, tags_of
from unit.stats.profiles import a_profile

DOCUMENT = json.loads(a_profile(pressure=((2600.0, 2800.0), 2), level=((0.0, 1.0), 1)).dump())


def document(**changes: Any) -> dict[str, Any]:
    """The document with changed fields; one inside of another as feature__support, of the first in a list."""
    whole = deepcopy(DOCUMENT)
    for path, value in changes.items():
        *outer, last = path.split("__")
        inner = whole
        for name in outer:
            inner = inner[name][0] if isinstance(inner[name], list) else inner[name]
        inner[last] = value
    return whole


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"not json", "profile.json: Invalid JSON", id="no JSON"),
        pytest.param(b"{}", "features: Field required", id="nothing in it"),
        pytest.param(b" " * (MAX_BYTES + 1), r"bytes \(limit 16777216\); train", id="too large"),
        pytest.param(document(format=2), "format: Input should be 3", id="an earlier format"),
        pytest.param(document(features=[]), "features: .* should have at least 1", id="no features"),
        pytest.param(document(features=DOCUMENT["features"] * 2), "name pressure is used more than once", id="one name twice"),
        pytest.param(document(regimes=[]), "regimes: .* should have at least 1", id="no regimes"),
        pytest.param(document(regimes=DOCUMENT["regimes"] * 2), "regimes: name  is used more than once", id="one regime twice"),
        pytest.param(
            document(features=DOCUMENT["features"][:1]), "regime '' has 2 tags, the features have 1", id="a tag too many"
        ),
        pytest.param(document(regimes__correlation=[]), "2 tags have 1 correlations, not 0", id="no correlations"),
        pytest.param(
            document(regimes__correlation=[1.0]), "correlations of regime '' contradict each other", id="two tags as one"
        ),
        pytest.param(document(regimes__deviation=float("inf")), "deviation: Input should be a finite number", id="no limit"),
        pytest.param(
            document(error__rmse=float("nan")), "error.rmse: Input should be a finite number", id="an error that is no number"
        ),
        pytest.param(document(error__rmse=-1), "error.rmse: Input should be greater than or equal to 0", id="a negative error"),
        pytest.param(document(error__tolerance=0.5), "error.tolerance: Input should be greater", id="a tolerance below 1"),
        pytest.param(document(model="sha256:1"), "model: String should match", id="no digest"),
        pytest.param(document(every="soon"), "every: String should match", id="no clock"),
        pytest.param(document(extra=1), "extra: Extra inputs are not permitted", id="a field nobody knows"),
        pytest.param(document(rows="500"), "rows: Input should be a valid integer", id="a number as text"),
        pytest.param(
            document(features__support={"min": 2, "max": 1}), r"features\[0\].support: .*min 2.0 is above", id="upside down"
        ),
        pytest.param(document(features__maxRun=-1), r"features\[0\].maxRun: Input should be greater", id="a negative run"),
    ],
)
def test_a_wrong_profile_is_refused_by_field(content: bytes | dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        Profile.parse(content if isinstance(content, bytes) else json.dumps(content).encode())


def test_runs_are_asked_by_tag() -> None:
    raw = DOCUMENT["features"]
    profile = Profile.parse(json.dumps(document(features=[*raw, raw[0] | {"name": "again", "maxRun": 7}])).encode())
    assert tags_of(profile) == ("pressure", "level")
    assert (profile.max_run("pressure"), profile.max_run("level")) == (7, 1)
    with pytest.raises(KeyError, match="no tag 'again'"):
        profile.max_run("again")


def test_a_digest_names_the_bytes() -> None:
    assert digest(b"model") == "sha256:" + hashlib.sha256(b"model").hexdigest()
