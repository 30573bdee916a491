"""Whatever a person wrote, and whatever value is asked for: one scalar changes, by bytes and by every reader's word."""

import warnings

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from ruamel.yaml import YAML

from andon.ports.splice import ObjectRef, Refusal, find
from fuzz.awkward import Document, documents, new_values

REF = ObjectRef("v1", "Thing", "", "it")


def read_by_1_1(text):
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def read_by_1_2(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(YAML(typ="safe", pure=True).load_all(text))


def leaves(value, path=()):
    """Path, type and value of each scalar."""
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in leaves(inner, (*path, str(key))).items()} | {path: "mapping"}
    if isinstance(value, list):
        return {k: v for index, inner in enumerate(value) for k, v in leaves(inner, (*path, index)).items()} | {path: "list"}
    return {path: (type(value), repr(value), value)}


def changes(before, after):
    """What a reader sees at the paths where it sees something else."""
    old, new = leaves(before), leaves(after)
    return {path: (old.get(path), new.get(path)) for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def as_read(document, read):
    try:
        return read(document)
    except (yaml.YAMLError, ValueError) as error:
        pytest.fail(f"the generator wrote what no reader takes: {error}\n{document}")


def edited(document, value):
    """What stood there, and the file afterwards; None where it is refused for a reason that a file of ours can have."""
    try:
        place = find({"x.yaml": document.whole.encode()}, REF, document.value.path)
        return place.value, place.changed_to(value).decode()
    except Refusal as refusal:
        event(refusal.reason)
        if refusal.reason not in {"UnclearType", "Templated"}:
            raise
        return None, None


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
@given(documents(), new_values)
def test_only_that_scalar_changes_by_bytes_and_for_every_reader(document: Document, value: str):
    was, after = edited(document, value)
    if after is None:
        return
    assert after.startswith(document.before)
    assert after.endswith(document.after)
    assert "\n" not in after[len(document.before) : len(after) - len(document.after)]
    for read in (read_by_1_1, read_by_1_2):
        changed = changes(as_read(document.whole, read), as_read(after, read))
        assert len(changed) <= 1
        for path, ((kind, _, old), (new_kind, _, new)) in changed.items():
            assert len(path) == 1 + len(document.value.path)
            assert str(old) != value or kind is not str
            assert str(new) == value or new_kind is not str
            assert new_kind is str or kind is not str
        assert changed or was == value
