"""One scalar of a person's YAML changes; every other byte stays."""

import pytest

from andon.ports.splice import ObjectRef, Place, Refusal, find
from andon.ports.splice.place import same_but
from andon.ports.splice.syntax import Section
from andon.ports.splice.walk import node_at

REF = ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", "reactor")
PATH = ("spec", "model", "mlflow", "version")
HEAD = "apiVersion: andon.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: reactor, namespace: plant-a}\n"


SHARED = HEAD + "spec:\n  model: &m\n    mlflow: {version: '2'}\n  b: *m\n  c: *m\n"


def manifest(version, head=HEAD):
    return f"{head}spec:\n  model:\n    mlflow:\n      name: e\n      version: {version}\n  suspend: false\n"


def spliced(text, value="1", **files):
    data = text if isinstance(text, bytes) else text.encode()
    return find({"plant.yaml": data, **files}, REF, PATH).changed_to(value)


def refusal(text, **files):
    with pytest.raises(Refusal) as caught:
        spliced(text, **files)
    return caught.value


@pytest.mark.parametrize(
    ("written", "value", "becomes"),
    [
        pytest.param("'2'", "1", "'1'", id="single quotes stay"),
        pytest.param('"2"', "1", '"1"', id="double quotes stay"),
        pytest.param("v2", "v1", "v1", id="a plain string stays plain"),
        pytest.param("2", "1", "1", id="a plain number stays plain"),
        pytest.param("v2", "1", '"1"', id="a number in the place of a string is quoted"),
        pytest.param("v2", "yes", '"yes"', id="what YAML 1.1 takes for a boolean is quoted"),
        pytest.param("v2", "0o7", '"0o7"', id="what YAML 1.2 takes for a number is quoted"),
        pytest.param("v2", "null", '"null"', id="what reads as nothing is quoted"),
        pytest.param("v2", "a: b", '"a: b"', id="what would be a mapping is quoted"),
        pytest.param("'2'", "it's", "'it''s'", id="a quote is doubled"),
        pytest.param('"2"  # why: é', "1", '"1"  # why: é', id="the comment stays"),
        pytest.param("'2'   ", "1", "'1'   ", id="trailing blanks stay"),
    ],
)
def test_only_the_scalar_changes_and_readers_see_the_type_they_saw(written, value, becomes):
    assert spliced(manifest(written), value).decode() == manifest(becomes)


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(manifest("'2'").replace("\n", "\r\n"), id="CRLF"),
        pytest.param(manifest("'2'")[:-1], id="no final newline"),
        pytest.param("\ufeff" + manifest("'2'"), id="a byte order mark"),
        pytest.param("# Lizenz: ©, 许可证 😀\n---\n" + manifest("'2'") + "---\n\n# rest\n", id="a licence before ---, non-ASCII"),
        pytest.param("a:   [1,\n  2 ]\nb: ~\n---\n" + manifest("'2'") + "...\n---\n- x\n-   y: {z:   1}\n", id="odd neighbours"),
        pytest.param(HEAD + "spec: {model: {mlflow: {name: e, version: '2'}}}\n", id="flow style"),
        pytest.param(
            HEAD + '"spec":\n    "model":\n        ? mlflow\n        : {name: e,   version : \'2\' }\n',
            id="quoted and explicit keys",
        ),
        pytest.param(
            "x: &x {version: '2'}\n---\n" + HEAD + "spec:\n  model:\n    mlflow: {<<: {name: e}, version: '2'}\n",
            id="a merge beside",
        ),
        pytest.param(manifest("'2'", HEAD.replace(", namespace: plant-a", "")), id="no namespace named"),
        pytest.param("%YAML 1.1\n---\n" + manifest("'2'"), id="a directive"),
        pytest.param(
            "a: 1\n...\n%TAG !e! tag:x,2000:\n# c\n\n---\n" + manifest("'2'", f"x: !e!y 1\n{HEAD}"), id="a directive further down"
        ),
        pytest.param(manifest("\t'2'\t"), id="tabs"),
        pytest.param(manifest("'2'").replace("\n", "\r"), id="CR alone"),
        pytest.param(f"# {'x' * 100_000}\n{manifest(chr(39) + '2' + chr(39))}# {'y' * 100_000}", id="very long lines"),
        pytest.param(manifest("\n        # why\n        '2'"), id="on the next line"),
        pytest.param("a: 'x\u2028y\x85z'\n---\n" + manifest("'2'"), id="breaks that only YAML 1.1 knows"),
    ],
)
def test_what_a_person_wrote_survives_byte_for_byte(whole):
    before, _, after = whole.rpartition("'2'")
    assert spliced(whole) == (before + "'1'" + after).encode()


AWKWARD = """\
# SPDX-License-Identifier: Apache-2.0, © Müller 许可证
%YAML 1.1
---
apiVersion:   andon.dev/v1alpha1
kind: "ModelDeployment"
metadata: {name: reactor,   namespace:  'plant-a', labels: {a: ~, b: }}


spec:
      suspend:   no    # aligned by hand
      model: { mlflow: {name:  e,version: '2'} }   # pinned, see 42
      text: >-
        folded


        text
      odd:
      - - ~
        -   [ 1,2,
      3 ]
      -     {x: 0o17,  y: 1_000}
...
# the end"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_of_an_awkward_file_one_line_differs_where_rewriting_changes_twenty(newline):
    before = AWKWARD.replace("\n", newline).encode()
    after = spliced(before)
    changed = [(a, b) for a, b in zip(before.splitlines(keepends=True), after.splitlines(keepends=True), strict=True) if a != b]
    assert [(a.replace(b"'2'", b"'1'"), b) for a, b in changed] == [(changed[0][1], changed[0][1])]


def test_the_object_is_found_among_others_of_nearly_its_name():
    others = "".join(manifest("'9'", HEAD.replace(old, new)) + "---\n" for old, new in NEIGHBOURS)
    assert spliced(others + manifest("'2'")).decode() == others + manifest("'1'")


NEIGHBOURS = [
    ("name: reactor", "name: reactor-2"),
    ("namespace: plant-a", "namespace: plant-b"),
    (", namespace: plant-a", ""),
    ("kind: ModelDeployment", "kind: DriftPolicy"),
    ("andon.dev/v1alpha1", "andon.dev/v1"),
]


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        pytest.param("kind: Other\n", "NotFound", "ModelDeployment plant-a/reactor", id="not there"),
        pytest.param(manifest("'2'") + "---\n" + manifest("'3'"), "Ambiguous", "plant.yaml:1, plant.yaml:11", id="twice"),
        pytest.param(HEAD + "spec: {model: {}}\n", "FieldNotFound", "plant.yaml:4: spec.model.mlflow", id="no such field"),
        pytest.param(HEAD + "spec: {model: {mlflow: {version: [2]}}}\n", "FieldNotFound", "not one value", id="a list"),
        pytest.param(manifest("*v", "x: &v '2'\n" + HEAD), "Alias", "plant.yaml:9", id="an alias"),
        pytest.param(manifest("&v '2'") + "  also: *v\n", "Alias", "plant.yaml:8", id="an anchor"),
        pytest.param(SHARED, "Alias", "plant.yaml:5: spec.model has an anchor (&m) that 2 others share", id="shared around it"),
        pytest.param(HEAD + "spec: {model: {mlflow: {<<: {version: '2'}}}}\n", "MergeKey", "spec.model.mlflow", id="merge"),
        pytest.param(manifest("'2'\n      version: '2'"), "DuplicateKey", "plant.yaml:9", id="written twice"),
        pytest.param(manifest('"{{ .Values.version }}"'), "Templated", "plant.yaml:8", id="a template in quotes"),
        pytest.param(manifest("{{ .Values.version }}"), "Templated", "plant.yaml:", id="a template that is no YAML"),
        pytest.param(manifest("${VERSION}"), "Templated", "plant.yaml:8", id="substituted by Flux"),
        pytest.param(manifest("'2' # {\"$imagepolicy\": \"a:b\"}"), "ManagedElsewhere", "plant.yaml:8", id="Flux writes it"),
        pytest.param(manifest("'2'").replace("name: e", "# renovate: x"), "ManagedElsewhere", "plant.yaml:8", id="Renovate"),
        pytest.param(manifest("|-\n        2"), "NotOneLine", "plant.yaml:8", id="a block scalar"),
        pytest.param(manifest("!!str 2"), "NotOneLine", "plant.yaml:8", id="a tag"),
        pytest.param(manifest('"a\n        b"'), "NotOneLine", "plant.yaml:8", id="two lines"),
        pytest.param(manifest("*v"), "Unreadable", "plant.yaml:8: the file is not YAML as it stands (*v has no", id="no anchor"),
        pytest.param(
            ("x: &v 1\n---\n" + manifest("*v")).replace("\n", "\r"), "Unreadable", "(*v has no", id="another document's"
        ),
        pytest.param(manifest("'2'\n  bad: [1"), "Unreadable", "plant.yaml:", id="not YAML"),
        pytest.param(manifest("'2' # ä").encode("latin-1"), "NotUtf8", "plant.yaml:8", id="not UTF-8"),
        pytest.param(manifest("'2'").encode() + b"# \x00\n", "Unreadable", "plant.yaml:", id="a NUL"),
    ],
)  # fmt: skip
def test_what_is_not_ours_to_change_is_refused_with_file_and_line(text, reason, says):
    refused = refusal(text)
    assert refused.reason == reason
    assert says in str(refused)


def test_an_alias_is_refused_with_what_it_shares_and_the_line_of_its_anchor():
    assert "that another field shares; edit the anchor at line 1 instead" in str(refusal(manifest("*v", "x: &v '2'\n" + HEAD)))


def test_an_anchor_that_nothing_refers_to_is_in_nobodys_way():
    assert spliced(manifest("&v '2'")).decode() == manifest("&v '1'")


def test_an_unreadable_file_elsewhere_is_in_nobodys_way():
    assert spliced(manifest("'2'"), **{"chart/reactor.yaml": b"{{ if ModelDeployment reactor }}\n"}) == manifest("'1'").encode()


def test_the_same_object_in_two_files_is_refused_by_both_names():
    assert "a.yaml:1, plant.yaml:1" in str(refusal(manifest("'2'"), **{"a.yaml": manifest("'2'").encode()}))


def whole(text):
    return Section("plant.yaml", 0, 0, text)


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("a: {b: '1', c: 3}\n", id="another value"),
        pytest.param("a: {b: '1', c: '2'}\n", id="another type"),
        pytest.param("a: {b: '1', c: !x 2}\n", id="another tag"),
        pytest.param("a: {b: '1', c: &x 2}\n", id="an anchor more"),
        pytest.param("a: {b: '1', c: 2, d: 3}\n", id="a key more"),
        pytest.param("a: {b: '1'}\n", id="a key less"),
        pytest.param("a: {b: {'1': 2}, c: 2}\n", id="no scalar any more"),
        pytest.param("a: {b: '3', c: 2}\n", id="not what was asked for"),
        pytest.param("a: {b: '1', c: 2}\n---\nb\n", id="a document more"),
    ],
)
def test_an_edit_that_would_change_more_is_found_out(after):
    before = whole("a: {b: '2', c: 2}\n")
    scalar = node_at("plant.yaml", before.roots()[0], ("a", "b"))
    assert same_but(before, whole("a: {b: '1', c: 2}\n"), scalar, "1")
    assert not same_but(before, whole(after), scalar, "1")


@pytest.mark.parametrize(
    ("written", "says"), [("'1", "would break the file"), ("'1'\n  more: 3", "would change more"), ("'3'", "would change more")]
)
def test_what_is_written_is_not_believed_but_read_again(monkeypatch, written, says):
    place = find({"plant.yaml": manifest("'2'").encode()}, REF, PATH)
    monkeypatch.setattr("andon.ports.splice.place.rewritten", lambda *_: written)
    with pytest.raises(Refusal, match=f"plant.yaml:.*{says}") as caught:
        place.changed_to("1")
    assert caught.value.reason == "Unverified"


def test_what_stands_around_the_document_is_read_again_too():
    section = Section("plant.yaml", 4, 1, "a: v2\n")
    (root,) = section.roots()
    text = f'k: "{section.text}"\n'
    place = Place.of(text, section, node_at("plant.yaml", root, ("a",)), ("a",))
    with pytest.raises(Refusal, match="would") as caught:
        place.changed_to("1")
    assert caught.value.reason == "Unverified"


@pytest.mark.parametrize("value", ["1\n2", "1\u2028", "\x1b[0m", "\ufeff1", "\x85"])
def test_a_value_that_is_no_line_is_a_bug(value):
    with pytest.raises(ValueError, match="printable"):
        spliced(manifest("'2'"), value)


def test_a_bomb_of_aliases_is_compared_in_no_time():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert spliced(bomb + "---\n" + manifest("'2'")) == (bomb + "---\n" + manifest("'1'")).encode()
