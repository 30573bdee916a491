"""A field is changed where Kustomize, Flux or Argo CD take it from last, or it is said who else has a say."""

import pytest

from andon.ports.splice import ObjectRef, find, parsed
from andon.ports.splice.kustomize import Kustomizations
from andon.ports.splice.tree import Tree
from unit.ports.splice.folder import FLUX, MARKED, REF, bytes_of, declared, found, refused


def kustomization(**fields):
    return "".join(f"{key}: {value}\n" for key, value in fields.items())


PATCH = (
    "apiVersion: andon.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: reactor}\nspec: {model: {mlflow: {version: '@'}}}\n"
)
BASE = {"base/kustomization.yaml": kustomization(resources="[reactor.yaml]"), "base/reactor.yaml": declared(namespace=None)}
MARKED_BASE = BASE | {"base/reactor.yaml": declared(MARKED, namespace=None)}
A = kustomization(namespace="plant-a", resources="[../base]")
B = kustomization(namespace="plant-b", resources="[../base]")
B_WITH_ITS_OWN = kustomization(namespace="plant-b", resources="[../base]", patches="[{path: version.yaml}]")


@pytest.mark.parametrize(
    ("files", "file"),
    [
        pytest.param(MARKED_BASE | {"a/kustomization.yaml": A}, "base/reactor.yaml", id="the namespace is a kustomization's"),
        pytest.param(
            MARKED_BASE
            | {
                "m/kustomization.yaml": kustomization(resources="[../base]", namespace="x"),
                "a/kustomization.yaml": A.replace("base", "m"),
            },
            "base/reactor.yaml",
            id="the outermost namespace holds",
        ),
        pytest.param(
            BASE | {"a/kustomization.yaml": A + "patches: [{path: v.yaml}]\n", "a/v.yaml": PATCH},
            "a/v.yaml",
            id="a patch sets it",
        ),
        pytest.param(
            BASE | {"a/kustomization.yaml": A + "patchesStrategicMerge: [v.yaml]\n", "a/v.yaml": PATCH},
            "a/v.yaml",
            id="the old way",
        ),
        pytest.param(
            BASE
            | {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml, target: {kind: ModelDeployment, name: reactor}}]\n",
                "a/v.yaml": PATCH.replace("name: reactor", "name: whatever"),
            },
            "a/v.yaml",
            id="a patch with a target",
        ),
        pytest.param(
            MARKED_BASE
            | {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml}, {path: w.yaml}]\n",
                "a/v.yaml": PATCH.replace("name: reactor", "name: other"),
                "a/w.yaml": PATCH.replace("version: '@'", "name: f"),
            },
            "base/reactor.yaml",
            id="patches of something else",
        ),
        pytest.param(
            BASE
            | {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml}, {path: w.yaml}]\n",
                "a/v.yaml": PATCH.replace("@", "1"),
                "a/w.yaml": PATCH,
            },
            "a/w.yaml",
            id="the last patch holds",
        ),
        pytest.param(
            MARKED_BASE
            | {"a/kustomization.yaml": A, "b/kustomization.yaml": B_WITH_ITS_OWN, "b/version.yaml": PATCH.replace("@", "1")},
            "base/reactor.yaml",
            id="another overlay has its own word",
        ),
        pytest.param(
            BASE
            | {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml}]\n",
                "a/v.yaml": PATCH,
                "b/kustomization.yaml": B,
            },
            "a/v.yaml",
            id="ours has its own word",
        ),
        pytest.param(
            BASE
            | {
                "a/kustomization.yaml": A + "components: [../c]\n",
                "c/kustomization.yaml": "kind: Component\npatches: [{path: v.yaml}]\n",
                "c/v.yaml": PATCH,
            },
            "c/v.yaml",
            id="a component's patch",
        ),
        pytest.param(
            {
                "Kustomization": kustomization(namePrefix="re", nameSuffix="or", namespace="plant-a", resources="[x.yaml]"),
                "x.yaml": declared(MARKED, name="act", namespace=None),
            },
            "x.yaml",
            id="prefix and suffix",
        ),
        pytest.param(
            MARKED_BASE
            | {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml}]\n",
                "a/v.yaml": "- {op: test, path: /spec/model/mlflow/version, value: '2'}\n- {op: add, path: /spec/x, value: 1}\n",
            },
            "base/reactor.yaml",
            id="a JSON patch of something else",
        ),
    ],
)
def test_the_kustomization_that_has_the_last_word_is_edited(files, file):
    assert found(files) == file


INLINE = """\
patches:
- target: {kind: ModelDeployment}
  patch: |-
    - op: replace
      path: /spec/model/mlflow/version
      value: "3"
"""
MERGED = """\
patches:
- patch: |-
    apiVersion: andon.dev/v1alpha1
    kind: ModelDeployment
    metadata:
      name: reactor
    spec: {model: {mlflow: {version: "3"}}}
"""
REPLACED = """\
replacements:
- source: {kind: ConfigMap, name: versions}
  targets:
  - select: {kind: ModelDeployment}
    fieldPaths: [spec.model.mlflow.version]
"""


@pytest.mark.parametrize(
    ("more", "reason", "says"),
    [
        pytest.param(
            {"a/kustomization.yaml": A + INLINE}, "Generated", "a/kustomization.yaml:4: an inline patch", id="inline JSON"
        ),
        pytest.param({"a/kustomization.yaml": A + MERGED}, "Generated", "a/kustomization.yaml:4: an inline patch", id="inline"),
        pytest.param(
            {"a/kustomization.yaml": A + MERGED.replace("patches", "patchesStrategicMerge").replace("patch: ", "")},
            "Generated",
            "a/kustomization.yaml:4: an inline patch",
            id="inline, the old way",
        ),
        pytest.param(
            {
                "a/kustomization.yaml": A + "patchesJson6902: [{path: v.yaml, target: {kind: ModelDeployment, name: reactor}}]\n",
                "a/v.yaml": "- {op: replace, path: /spec/model, value: {}}\n",
            },
            "Generated",
            "a/v.yaml:1: a JSON patch",
            id="a JSON patch of what holds it",
        ),
        pytest.param(
            {"a/kustomization.yaml": A + REPLACED}, "Generated", "a/kustomization.yaml:6: a replacement", id="replacement"
        ),
        pytest.param(
            {"a/kustomization.yaml": A + "replacements: [{path: r.yaml}]\n", "a/r.yaml": REPLACED.partition("\n")[2]},
            "Generated",
            "a/r.yaml:3: a replacement",
            id="a replacement in a file",
        ),
        pytest.param(
            {
                "a/kustomization.yaml": A + "configurations: [c.yaml]\n",
                "a/c.yaml": "varReference:\n- {path: spec/model/mlflow/version, kind: ModelDeployment}\n",
            },
            "Generated",
            "a/c.yaml:2: a transformer's configuration",
            id="a configuration",
        ),
        pytest.param(
            {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml, target: {kind: ModelDeployment}}]\n",
                "a/v.yaml": PATCH,
            },
            "Shared",
            "a/kustomization.yaml:3",
            id="a patch for all of the kind",
        ),
        pytest.param(
            {
                "a/kustomization.yaml": A
                + "patches: [{path: v.yaml, target: {kind: ModelDeployment, name: reactor, labelSelector: a=b}}]\n",
                "a/v.yaml": PATCH,
            },
            "Shared",
            "a/kustomization.yaml:3",
            id="a patch for all with a label",
        ),
        pytest.param(
            {"a/kustomization.yaml": A, "b/kustomization.yaml": B},
            "Shared",
            "base/reactor.yaml:1: b/kustomization.yaml would change, too; set spec.model.mlflow.version in a patch of a/kust",
            id="a base of two overlays",
        ),
        pytest.param(
            {"a/kustomization.yaml": A, "b/kustomization.yaml": A},
            "Shared",
            "b/kustomization.yaml would change, too",
            id="the same object for two clusters",
        ),
        pytest.param(
            {
                "a/kustomization.yaml": A + "patches: [{path: v.yaml}]\n",
                "b/kustomization.yaml": A + "patches: [{path: v.yaml}]\n",
                "a/v.yaml": PATCH,
                "b/v.yaml": PATCH,
            },
            "Ambiguous",
            "a/kustomization.yaml, b/kustomization.yaml",
            id="the same object for two clusters, each with a patch",
        ),
        pytest.param(
            {
                "a/kustomization.yaml": A + "components: [../c]\n",
                "b/kustomization.yaml": B + "components: [../c]\n",
                "c/kustomization.yaml": "kind: Component\npatches: [{path: v.yaml}]\n",
                "c/v.yaml": PATCH,
            },
            "Shared",
            "c/v.yaml:1: b/kustomization.yaml would change",
            id="a component of two overlays",
        ),
    ],
)
def test_what_kustomize_makes_or_others_share_is_refused_and_said_where(more, reason, says):
    assert refused(BASE | more)[0] == reason
    assert says in refused(BASE | more)[1]


ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: plant}
spec:
  source:
    path: a
    kustomize:
      patches:
      - patch: |-
          {apiVersion: andon.dev/v1alpha1, kind: ModelDeployment, metadata: {name: reactor},
           spec: {model: {mlflow: {version: "3"}}}}
"""


@pytest.mark.parametrize(("applier", "line"), [(FLUX, 7), (ARGO, 9)])
def test_what_flux_or_argo_cd_patch_themselves_is_refused_where_they_apply_it(applier, line):
    files = MARKED_BASE | {"a/kustomization.yaml": A}
    assert refused(files | {"apps.yaml": applier})[0] == "Generated"
    assert f"apps.yaml:{line}: an inline patch sets spec.model.mlflow.version" in refused(files | {"apps.yaml": applier})[1]
    assert (
        found(files | {"apps.yaml": applier.replace("path: ./a", "path: b").replace("path: a", "path: b")}) == "base/reactor.yaml"
    )
    assert found(files | {"apps.yaml": applier + "broken: [\n"}) == "base/reactor.yaml"


def test_images_and_replicas_are_kustomizes_word():
    files = {
        "kustomization.yaml": "resources: [x.yaml]\nimages:\n- {name: a, newTag: '2'}\nreplicas: [{name: it, count: 2}]\n",
        "x.yaml": "kind: Thing\nmetadata: {name: it}\nspec: {image: 'a:1', replicas: 1, other: 1}\n",
    }
    ref = ObjectRef("", "Thing", "", "it")
    assert "kustomization.yaml:3: what is named under images sets" in refused(files, ref, parsed("spec.image"))[1]
    assert refused(files, ref, parsed("spec.replicas"))[0] == "Generated"
    assert find(bytes_of(files), ref, parsed("spec.other")).value == "1"


def test_an_overlay_whose_field_is_generated_is_in_nobodys_way():
    files = MARKED_BASE | {"a/kustomization.yaml": A, "b/kustomization.yaml": B + MERGED}
    assert found(files) == "base/reactor.yaml"
    assert refused(files, ObjectRef(REF.api_version, REF.kind, "plant-b", REF.name))[0] == "Generated"


@pytest.mark.parametrize("broken", ["resources: [../base]\npatches: [\n", "resources: [../base]\nresources: []\n"])
def test_a_kustomization_that_cannot_be_read_and_may_have_the_last_word_is_told(broken):
    files = MARKED_BASE | {"a/kustomization.yaml": A, "b/kustomization.yaml": broken}
    assert refused(files)[0] in {"Unreadable", "DuplicateKey"}
    assert refused(files)[1].startswith("b/kustomization.yaml:")
    assert found(files | {"b/kustomization.yaml": broken.replace("base", "other")}) == "base/reactor.yaml"


def test_a_patch_of_another_overlay_that_cannot_be_read_is_in_nobodys_way():
    files = MARKED_BASE | {"a/kustomization.yaml": A, "b/kustomization.yaml": B_WITH_ITS_OWN, "b/version.yaml": "a: ["}
    assert found(files) == "base/reactor.yaml"
    assert (
        refused(files | {"a/kustomization.yaml": B_WITH_ITS_OWN.replace("-b", "-a"), "a/version.yaml": "a: ["})[0] == "Unreadable"
    )


def test_kustomizations_that_include_each_other_end():
    files = MARKED_BASE | {"base/kustomization.yaml": kustomization(resources="[reactor.yaml, ../a]"), "a/kustomization.yaml": A}
    assert found(files) == "base/reactor.yaml"


def diamonds(many):
    """Each doubles the ways by which base is applied."""
    files = {f"b{i + 1}/kustomization.yaml": kustomization(resources=f"[../l{i}, ../r{i}]") for i in range(many)}
    files |= {f"{side}{i}/kustomization.yaml": kustomization(resources=f"[../b{i}]") for i in range(many) for side in "lr"}
    return files | {"b0/kustomization.yaml": kustomization(resources="[x.yaml]"), "b0/x.yaml": declared()}


@pytest.mark.timeout(20)
def test_diamonds_of_kustomizations_are_refused_before_they_take_for_ever():
    assert refused(diamonds(3))[0] == "Shared"
    assert refused(diamonds(40))[0] == "Ambiguous"
    assert "in too many ways" in refused(diamonds(40))[1]


@pytest.mark.timeout(20)
def test_components_that_include_each_other_end():
    many = range(40)
    inner = {f"c{i}/kustomization.yaml": kustomization(components=f"[../c{i + 1}, ../d{i + 1}, ../c{i}]") for i in many}
    inner |= {f"d{i}/kustomization.yaml": kustomization(components=f"[../c{i + 1}, ../d{i + 1}]") for i in many}
    own = {"x.yaml": declared(MARKED), "kustomization.yaml": kustomization(resources="[x.yaml]", components="[c0, d0]")}
    search = Kustomizations(Tree(bytes_of(inner | own)))
    outermost = next(layer for layer in search.layers if layer.file == "kustomization.yaml")
    assert len(search.applied(outermost)) == 81


@pytest.mark.timeout(20)
def test_a_long_chain_of_kustomizations_is_followed_but_not_for_ever():
    files = {f"k{i + 1}/kustomization.yaml": kustomization(resources=f"[../k{i}]") for i in range(40)}
    files |= {"k0/kustomization.yaml": kustomization(resources="[x.yaml]"), "k0/x.yaml": declared()}
    assert [len(way) for way in Kustomizations(Tree(bytes_of(files))).chains("k0/x.yaml")] == [41]
    files |= {f"k{i + 1}/kustomization.yaml": kustomization(resources=f"[../k{i}]") for i in range(1200)}
    assert refused(files)[0] == "Ambiguous"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["(x+x+)+y", ".*.*.*.*.*.*.*.*.*y", "(x|xx){9,}y"])
def test_a_pattern_that_might_take_for_ever_may_be_meant(pattern):
    name = "x" * 60
    patch = f"patches:\n- target: {{kind: ModelDeployment, name: '{pattern}'}}\n"
    patch += "  patch: '[{op: replace, path: /spec/model, value: 1}]'\n"
    files = {"kustomization.yaml": "resources: [x.yaml]\n" + patch, "x.yaml": declared(name=name)}
    assert refused(files, ObjectRef("", "ModelDeployment", "", name))[0] == "Generated"


@pytest.mark.parametrize("path", ["v.json", "https://example.com/v.yaml"])
def test_a_patch_that_cannot_be_read_may_have_the_last_word(path):
    patch = f"patches: [{{path: {path}, target: {{kind: ModelDeployment}}}}]\n"
    files = MARKED_BASE | {"a/kustomization.yaml": A + patch}
    assert refused(files)[0] == "Generated"
    assert f"the patch {path} may set spec.model.mlflow.version" in refused(files)[1]
    assert found(files | {"a/kustomization.yaml": A + patch.replace("ModelDeployment", "Other")}) == "base/reactor.yaml"


def test_a_transformer_that_speaks_of_the_kind_may_have_the_last_word():
    one = "kind: PatchTransformer\ntarget: {kind: ModelDeployment}\npatch: '[{op: replace, path: /spec/model, value: 1}]'\n"
    files = MARKED_BASE | {"a/kustomization.yaml": A + "transformers: [t.yaml]\n"}
    assert refused(files | {"a/t.yaml": one})[0] == "Generated"
    assert refused(files)[0] == "Generated"
    assert found(files | {"a/t.yaml": one.replace("ModelDeployment", "Other")}) == "base/reactor.yaml"
