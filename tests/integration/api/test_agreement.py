"""The API server accepts exactly what pydantic accepts, and both fill in the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from andon.api import crd
from andon.api.kinds import KINDS
from integration.api.documents import allowed, mistaken

# The same documents in every run: a failure must be the change's fault, not the dice's.
a_hundred = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_server_and_models_agree(kind, submit):
    documents = allowed(crd.schema(kind)["properties"]["spec"])

    @a_hundred
    @given(st.one_of(documents, mistaken(documents), mistaken(mistaken(documents))))
    def agree(spec):
        answer = submit(kind, spec)
        stored = None if isinstance(answer, str) else answer["spec"]
        assert stored == read(kind, spec), answer

    agree()


def read(kind, spec):
    """The document as pydantic completes it, or None if it refuses."""
    try:
        return kind.spec.model_validate(spec).model_dump(mode="json", exclude_none=True)
    except ValidationError:
        return None
