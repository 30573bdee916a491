"""What the syncer reads of a folder: every document, or why not; a file it cannot read never looks like one that is gone."""

import pytest

from andon.lab.syncer import read_documents


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"a: [", "not YAML", id="half a document"),
        pytest.param(b"name: caf\xe9\n", "not YAML", id="another encoding"),
        pytest.param(b"- a\n- b\n", "a document needs", id="a list"),
        pytest.param(b"{apiVersion: v1, kind: ConfigMap, metadata: {name: 5}}", "all strings", id="a number for a name"),
        pytest.param(b"{apiVersion: v1, kind: [ConfigMap], metadata: {name: a}}", "all strings", id="a list for a kind"),
    ],
)
def test_a_file_that_is_no_document_is_told_and_the_others_are_read(tmp_path, content, says):
    (tmp_path / "a.yaml").write_bytes(content)
    (tmp_path / "b.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}")
    documents, [failure] = read_documents(tmp_path)
    assert [document["metadata"]["name"] for document in documents] == ["b"]
    assert failure.what == "a.yaml"
    assert says in failure.message


def test_a_link_to_nowhere_is_told(tmp_path):
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone")
    documents, [failure] = read_documents(tmp_path)
    assert (documents, failure.what) == ([], "a.yaml")
