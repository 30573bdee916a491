"""A file that nobody can read is one finding of its own, in little time, and in no other file's way."""

from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from os import mkfifo

import pytest

from andon.lint.check import lint
from andon.lint.source import SourceError, documents

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OTHER = "apiVersion: andon.dev/v1alpha1\nkind: DriftPolicy\nmetadata: {name: a, namespace: p}\nspec: {targetRef: {name: a}}\n"
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))
BAD = [
    pytest.param("{{ x }}\n", "Syntax", id="a template at the root"),
    pytest.param("a: {{ x }}\n", "Syntax", id="a template as a value"),
    pytest.param("a: .nan\n", "Syntax", id="not a number"),
    pytest.param("a: -.inf\n", "Syntax", id="an endless number"),
    pytest.param("a: !!int foo\n", "Syntax", id="a word that is called a number"),
    pytest.param("a: !!float foo\n", "Syntax", id="a word that is called a fraction"),
    pytest.param('a: "\\UFFFFFFFF"\n', "Syntax", id="beyond Unicode"),
    pytest.param("a: " + "[" * 1000 + "]" * 1000 + "\n", "Syntax", id="nested deeply"),
    pytest.param(BOMB, "Syntax", id="an alias bomb"),
    pytest.param(MERGED, "Syntax", id="a bomb of merges"),
    pytest.param("a: &a {b: {<<: *a}}\n", "Syntax", id="what is merged into itself"),
]


@pytest.mark.parametrize(("text", "rule"), BAD)
@pytest.mark.timeout(20)
def test_a_bad_file_is_one_finding_and_the_others_are_read(tmp_path, text, rule):
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text(OTHER)
    done = lint([str(tmp_path)], NOW)
    assert [(f.file, f.rule) for f in done.findings if f.severity == "error"][:1] == [(str(tmp_path / "a.yaml"), rule)]
    assert sum(f.file.endswith("a.yaml") for f in done.findings) == 1
    assert done.objects == 1


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        pytest.param(b"a: 1\n# caf\xe9\n", 2, 6, id="Latin-1"),
        pytest.param(OTHER.encode("utf-16"), 1, 1, id="UTF-16"),
    ],
)
def test_a_file_that_is_not_utf_8_is_a_finding_with_its_place(tmp_path, data, line, column):
    (tmp_path / "a.yaml").write_bytes(data)
    (tmp_path / "b.yaml").write_text(OTHER)
    done = lint([str(tmp_path)], NOW)
    (finding,) = (f for f in done.findings if f.severity == "error")
    assert str(finding) == f"{tmp_path}/a.yaml:{line}:{column}: error: the file is not UTF-8; save it as such [NotUtf8]"
    assert done.objects == 1


def test_what_is_piped_in_may_be_no_utf_8_either(monkeypatch):
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"a: \xe9\n")))
    (finding,) = lint(["-"], NOW).findings
    assert (finding.file, finding.line, finding.column, finding.rule) == ("<stdin>", 1, 4, "NotUtf8")


@pytest.mark.parametrize("text", ["{{ x }}\n", "patches: 3\n", "- a\n", "a: .nan\n", "patches: " + "[" * 1000 + "\n", "\xe9"])
def test_a_kustomization_that_nobody_can_read_is_kustomizes_to_complain_of(tmp_path, text):
    (tmp_path / "kustomization.yaml").write_text(text, encoding="latin-1")
    (tmp_path / "b.yaml").write_text(OTHER)
    assert lint([str(tmp_path)], NOW).objects == 1


def test_a_few_aliases_and_a_large_file_are_read():
    text = "a: &a {b: [1, 2]}\nc: [*a, *a]\n" + "".join(f"k{i}: {{x: 1}}\n" for i in range(2000))
    assert next(documents("f", text.encode())).value["c"] == [{"b": [1, 2]}] * 2


def test_where_it_is_bad_is_said():
    with pytest.raises(SourceError, match="no number that JSON can hold") as caught:
        list(documents("f", b"a: 1\nb: .nan\n"))
    assert caught.value.mark == (2, 4)


@pytest.mark.timeout(20)
def test_what_is_no_file_is_passed_over(tmp_path):
    mkfifo(tmp_path / "a.yaml")
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")
    (tmp_path / "b.yaml").write_text(OTHER)
    assert lint([str(tmp_path)], NOW).objects == 1
