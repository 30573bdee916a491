"""A path names a field, an item by its index, or an item by one of its fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.ports.splice import ObjectRef, Refusal, find, parsed
from andon.ports.splice.path import Item, written

WHOLE = """\
kind: DataSource
metadata: {name: reactor, labels: {"app.kubernetes.io/name": old}}
spec:
  tags:
  - name: xmeas_7
    unit: kPa   # pressure
  -   {name: xmeas_8, unit: "C"}
  - {name: twin}
  - {name: twin}
  grid: [[1, 2], [third, 4]]
  10: ten
"""


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("spec.tags[0].unit", "kPa   #", "bar   #"),
        ("spec.tags[name=xmeas_7].unit", "kPa   #", "bar   #"),
        ("spec.tags.[name=xmeas_8].unit", '"C"', '"bar"'),
        ("spec.tags[unit=C].name", "xmeas_8", "bar"),
        ('metadata.labels["app.kubernetes.io/name"]', "old", "bar"),
        ("metadata.labels['app.kubernetes.io/name']", "old", "bar"),
        ("spec.grid[1][0]", "third", "bar"),
        ("spec.10", "ten", "bar"),
        (".metadata.name", "reactor,", "bar,"),
    ],
)
def test_a_path_leads_to_one_value(path, old, new):
    changed = find({"x.yaml": WHOLE.encode()}, ObjectRef("", "DataSource", "", "reactor"), parsed(path)).changed_to("bar")
    assert changed.decode() == WHOLE.replace(old, new)


@pytest.mark.parametrize(
    ("path", "reason", "says"),
    [
        ("spec.tags[4].unit", "FieldNotFound", "x.yaml:5: spec.tags[4] is not there"),
        ("spec.tags[name=x].unit", "FieldNotFound", "x.yaml:5: spec.tags[name=x] is not there"),
        ("spec.tags[name=twin].unit", "Ambiguous", "x.yaml:5: spec.tags[name=twin] are 2 items"),
        ("spec.tags.name", "FieldNotFound", "spec.tags.name is not there"),
        ("spec[0]", "FieldNotFound", "spec[0] is not there"),
        ("spec.tags[0]", "FieldNotFound", "x.yaml:5: spec.tags[0] is not one value"),
    ],
)
def test_a_path_to_no_value_or_to_several_is_refused(path, reason, says):
    with pytest.raises(Refusal) as caught:
        find({"x.yaml": WHOLE.encode()}, ObjectRef("", "DataSource", "", "reactor"), parsed(path))
    assert (caught.value.reason, says in str(caught.value)) == (reason, True), str(caught.value)


@pytest.mark.parametrize("text", ["", "[0]", "a..b", "a[", "a[x]", "a[-1]", "a.b.", "a b", "a[x=]", 'a["b]', "a[0]b"])
def test_what_is_no_path_is_said_with_an_example(text):
    with pytest.raises(ValueError, match="is no"):
        parsed(text)


words = st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="-_./ "), min_size=1, max_size=8)
steps = words | st.integers(0, 99) | st.builds(Item, st.from_regex(r"[a-z]{1,5}", fullmatch=True), words)


@given(words, st.lists(steps, max_size=5))
def test_a_path_is_written_as_it_is_read(first, more):
    assert parsed(written((first, *more))) == (first, *more)
