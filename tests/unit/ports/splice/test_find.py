"""The line that sets a field is found in a whole tree, or it is said whose it is."""

import pytest

from andon.ports.splice import ObjectRef, Refusal, find
from andon.ports.splice.find import concerns
from andon.ports.splice.tree import matters
from unit.ports.splice.folder import FLUX, MARKED, PATH, REF, bytes_of, declared, found, refused

LIST = "kind: List\napiVersion: v1\nitems:\n- kind: ConfigMap\n  metadata: {name: reactor}\n- " + declared(MARKED).replace(
    "\n", "\n  "
).rstrip(" ")


@pytest.mark.parametrize(
    ("files", "file"),
    [
        pytest.param({"a/x.yaml": declared("'7'", "other"), "a/b/y.yml": declared(MARKED)}, "a/b/y.yml", id="its own file"),
        pytest.param(
            {"x.yaml": f"# c\n---\n{declared(kind='Other')}---\n{declared(MARKED)}---\n{declared(name='reactor-2')}"},
            "x.yaml",
            id="one of several documents",
        ),
        pytest.param({"x.yaml": LIST}, "x.yaml", id="an item of a List"),
        pytest.param({"x.yaml": f"a: 1\n---\n{LIST}"}, "x.yaml", id="an item of a List further down"),
        pytest.param(
            {"n.yaml": declared(MARKED, namespace=None), "o.yaml": declared(namespace="plant-b")}, "n.yaml", id="no namespace"
        ),
        pytest.param({"n.yaml": declared(namespace=None), "o.yaml": declared(MARKED)}, "o.yaml", id="the namespace rather"),
    ],
)
def test_the_object_is_found(files, file):
    assert found(files) == file


@pytest.mark.parametrize(
    ("files", "reason", "says"),
    [
        pytest.param({"x.yaml": declared(kind="Other")}, "NotFound", "no YAML file declares", id="nothing"),
        pytest.param({"x.yaml": declared(namespace="b")}, "NotFound", "there is x.yaml:1 (b/reactor)", id="in another namespace"),
        pytest.param({"x.yaml": declared(), "y.yaml": declared()}, "Ambiguous", "x.yaml:1, y.yaml:1", id="in two files"),
        pytest.param(
            {"x.yaml": LIST.replace("items:", "items: &i") + "other: *i\n"}, "Alias", "items has an", id="a shared List"
        ),
        pytest.param({"x.yaml.j2": declared()}, "Templated", "x.yaml.j2:2", id="a template by its name"),
        pytest.param(
            {"c/Chart.yaml": "name: c\n", "c/templates/x.yaml": declared()}, "Generated", "c/templates/x.yaml:2", id="in a chart"
        ),
        pytest.param(
            {"Chart.yaml": "name: c\n", "templates/x.yaml": declared(name="{{ .Release.Name }}-reactor-1")},
            "Generated",
            "templates/x.yaml:2",
            id="in a chart that is the top, under a name that only Helm knows",
        ),
        pytest.param({"x.yaml": "{% if a %}\n" + declared() + "{% endif %}"}, "Templated", "x.yaml:1", id="Jinja around it"),
        pytest.param(
            {"x.yaml": declared(name="{{ n }}")}, "Templated", "x.yaml:2: ModelDeployment plant-a/reactor may", id="a name"
        ),
        pytest.param({"x.yaml": declared("{{ v }}")}, "Templated", "x.yaml:6", id="Jinja that is YAML by chance"),
        pytest.param({"x.yaml": declared().replace("mlflow: {", "mlflow: {{ m }} # {")}, "Templated", "x.yaml:6", id="above it"),
    ],
)
def test_what_is_not_found_or_not_a_file_of_ours_is_refused(files, reason, says):
    assert refused(files)[0] == reason
    assert says in refused(files)[1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_an_object_in_another_encoding_is_refused_unless_it_is_declared_elsewhere(encoding):
    wide = {"w.yaml": declared().encode(encoding)}
    with pytest.raises(Refusal, match=r"^w.yaml:1: the file is not UTF-8; save it as UTF-8$") as caught:
        find(wide, REF, PATH)
    assert caught.value.reason == "NotUtf8"
    assert concerns("w.yaml", wide["w.yaml"], REF)
    assert find(wide | bytes_of({"x.yaml": declared(MARKED)}), REF, PATH).file == "x.yaml"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"kustomization.yaml": "resources: [plant]"}, id="a Kustomization"),
        pytest.param(
            {"kustomization.yaml": b"resources: [plant]\ntransformers: [t.yaml]", "t.yaml": "kind: ModelDeployment"},
            id="a transformer",
        ),
    ],
)
def test_what_has_a_say_in_another_encoding_is_not_overlooked(files):
    encoded = {file: text if isinstance(text, bytes) else text.encode("utf-16") for file, text in files.items()}
    with pytest.raises(Refusal):
        find(encoded | bytes_of({"plant/kustomization.yaml": "resources: [x.yaml]", "plant/x.yaml": declared()}), REF, PATH)


def test_a_chart_beside_it_is_in_nobodys_way():
    chart = {"c/Chart.yaml": "name: c\n", "c/templates/x.yaml": declared(), "c/crds/x.yaml": declared(name="another")}
    assert found(chart | {"x.yaml": declared(MARKED)}) == "x.yaml"


@pytest.mark.parametrize(
    ("file", "content", "is_asked"),
    [
        ("x.yaml", "kind: ModelDeployment", True),
        ("x.yaml", "kind: Other", False),
        ("c/Chart.yaml", "name: c", True),
        (".argocd-source-a.yaml", "kustomize: {}", True),
        ("apps.yaml", FLUX.replace("ModelDeployment", ""), True),
    ],
)
def test_which_files_have_a_say_where_there_is_no_kustomization(file, content, is_asked):
    assert concerns(file, content.encode(), REF) is is_asked


def test_whichever_namespace_and_version_of_the_api_is_taken_where_none_is_asked_for():
    assert found({"x.yaml": declared(MARKED)}, ObjectRef("", "ModelDeployment", "", "reactor")) == "x.yaml"
    twice = {"x.yaml": declared(), "y.yaml": declared(namespace="b")}
    assert "name its namespace" in refused(twice, ObjectRef("", "ModelDeployment", "", "reactor"))[1]


@pytest.mark.parametrize(
    ("file", "is_wanted"),
    [("a.yaml", True), ("a/b.yml", True), ("Kustomization", True), ("x/a.yaml.j2", True), ("a.j2", False), ("a.json", False)],
)
def test_what_find_wants_to_see(file, is_wanted):
    assert matters(file) is is_wanted


def test_lists_in_lists_are_read_however_deep():
    deep = "# " + REF.name + "\n" + "{kind: List, items: [" * 1500 + "{kind: ModelDeployment}" + "]}" * 1500 + "\n"
    assert found({"x.yaml": declared(MARKED), "z.yaml": deep}) == "x.yaml"


def test_a_list_that_aliases_repeat_is_opened_once():
    bomb = "".join(f"a{i}: &a{i} {{kind: List, items: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))
    text = f"a0: &a0 {{kind: ModelDeployment, metadata: {{name: other}}}}\n{bomb}kind: List\nitems: [*a11] # {REF.name}\n"
    assert found({"x.yaml": declared(MARKED), "z.yaml": text}) == "x.yaml"
