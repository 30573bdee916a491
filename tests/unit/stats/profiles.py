"""Profiles for tests: one feature per tag."""

from andon.stats.profile import Distribution, FeatureReference, Profile, Support


def a_profile(rmse=1.0, every="200ms", **tags):
    """tags: name=((min, max), longest run of equal values)."""
    features = tuple(
        FeatureReference(name=name, tag=name, support=Support(min=low, max=high), mean=low, std=1.0, max_run=run)
        for name, ((low, high), run) in tags.items()
    )
    return Profile(features=features, target="y", every=every, rows=1000, rmse=rmse, prediction=Distribution(mean=0.0, std=1.0))
