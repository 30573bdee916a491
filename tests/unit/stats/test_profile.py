"""A profile is a document with one form, and says what is wrong with another."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.stats.profile import MAX_BYTES, Distribution, FeatureReference, Profile, ProfileError, Support, digest

finite = st.floats(allow_nan=False, allow_infinity=False)
spreads = st.floats(0, 1e300)
names = st.from_regex(r"\A[a-z][a-z0-9_]{0,20}\Z")


@st.composite
def features(draw: st.DrawFn, name: str) -> FeatureReference:
    low, high = sorted((draw(finite), draw(finite)))
    return FeatureReference(
        name=name,
        tag=draw(names),
        support=Support(min=low, max=high),
        mean=draw(finite),
        std=draw(spreads),
        max_run=draw(st.integers(0, 10**6)),
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    return Profile(
        features=[draw(features(name)) for name in draw(st.lists(names, min_size=1, max_size=5, unique=True))],
        target=draw(names),
        every="200ms",
        rows=draw(st.integers(1, 10**9)),
        rmse=draw(spreads),
        prediction=Distribution(mean=draw(finite), std=draw(spreads)),
    )


@given(profiles())
def test_what_was_written_is_read_back(profile: Profile) -> None:
    again = Profile.parse(profile.dump())
    assert again == profile
    assert again.dump() == profile.dump()


def document(**changes: Any) -> dict[str, Any]:
    feature = {"name": "pressure", "tag": "xmeas_7", "support": {"min": 2600, "max": 2800}, "mean": 2700, "std": 9.5, "maxRun": 2}
    whole: dict[str, Any] = {"format": 1, "features": [feature], "target": "xmeas_38", "every": "3s", "rows": 500, "rmse": 0.01}
    return whole | {"prediction": {"mean": 0.8, "std": 0.02}} | changes


def with_feature(**changes: Any) -> dict[str, Any]:
    return document(features=[document()["features"][0] | changes])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"not json", "profile.json: Invalid JSON", id="no JSON"),
        pytest.param(b"{}", "features: Field required", id="nothing in it"),
        pytest.param(b" " * (MAX_BYTES + 1), r"bytes \(limit 1048576\)", id="too large"),
        pytest.param(document(format=2), "format: Input should be 1", id="a later format"),
        pytest.param(document(features=[]), "features: .* should have at least 1", id="no features"),
        pytest.param(
            document(features=document()["features"] * 2), "features: name pressure is used more than once", id="one name twice"
        ),
        pytest.param(document(rmse=float("nan")), "rmse: Input should be a finite number", id="an error that is no number"),
        pytest.param(document(rmse=-1), "rmse: Input should be greater than or equal to 0", id="a negative error"),
        pytest.param(document(every="soon"), "every: String should match", id="no clock"),
        pytest.param(document(extra=1), "extra: Extra inputs are not permitted", id="a field nobody knows"),
        pytest.param(document(rows="500"), "rows: Input should be a valid integer", id="a number as text"),
        pytest.param(
            with_feature(support={"min": 2, "max": 1}),
            r"features\[0\].support: .*min 2.0 is above max 1.0",
            id="support upside down",
        ),
        pytest.param(with_feature(maxRun=-1), r"features\[0\].maxRun: Input should be greater", id="a negative run"),
    ],
)
def test_a_wrong_profile_is_refused_by_field(content: bytes | dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        Profile.parse(content if isinstance(content, bytes) else json.dumps(content).encode())


def test_support_is_asked_by_feature_and_runs_by_tag() -> None:
    raw = document()["features"][0]
    profile = Profile.parse(json.dumps(document(features=[raw, raw | {"name": "again", "maxRun": 7}])).encode())
    assert profile.support("pressure") == (2600.0, 2800.0)
    assert profile.max_run("xmeas_7") == 7
    with pytest.raises(KeyError, match="no feature 'xmeas_7'"):
        profile.support("xmeas_7")
    with pytest.raises(KeyError, match="no tag 'pressure'"):
        profile.max_run("pressure")


def test_a_digest_names_the_bytes() -> None:
    assert digest(b"model") == "sha256:" + hashlib.sha256(b"model").hexdigest()
