"""A line that another bot writes, or a template fills in, is not ours: both would write it in turn, for ever."""

import pytest

from andon.ports.splice import ObjectRef, Refusal, find, parsed

HEAD = "apiVersion: v1\nkind: Thing\nmetadata: {name: reactor}\n"
REF = ObjectRef("", "Thing", "", "reactor")


def refused(text, path="spec.version", **others):
    files = {"x.yaml": text.encode()} | {name.replace("__", "/"): data.encode() for name, data in others.items()}
    with pytest.raises(Refusal) as caught:
        find(files, REF, parsed(path))
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize(
    ("spec", "owner"),
    [
        pytest.param('  version: \'2\' # {"$imagepolicy": "flux-system:app:tag"}\n', "Flux", id="Flux's setter on the line"),
        pytest.param('  # {"$imagepolicy": "flux-system:app"}\n  version: \'2\'\n', "Flux", id="Flux's setter above"),
        pytest.param("  version: '2'  # renovate: datasource=docker depName=x\n", "Renovate", id="Renovate's marker on the line"),
        pytest.param("  # renovate: datasource=docker depName=x\n  version: '2'\n", "Renovate", id="Renovate's marker above"),
        pytest.param("  version: '2' # argocd-image-updater: x\n", "Argo CD Image Updater", id="Image Updater's marker"),
        pytest.param("  version: 1.2.0 # x-release-please-version\n", "release-please", id="release-please's marker"),
        pytest.param("  version: 2 # x-release-please-major\n", "release-please", id="release-please's for one number"),
        pytest.param(
            "  # x-release-please-start-version\n  a: 1.2.0\n\n  version: 1.2.0\n  # x-release-please-end\n",
            "release-please",
            id="release-please's block",
        ),
        pytest.param(
            "  # x-release-please-released-start-version\n  a: 1\n  version: 1.2.0 # x-release-please-released-end\n",
            "release-please",
            id="the last line of release-please's block",
        ),
    ],
)
def test_a_line_with_another_bots_marker_is_refused_by_the_bots_name(spec, owner):
    reason, says = refused(f"{HEAD}spec:\n{spec}")
    assert reason == "ManagedElsewhere"
    assert f"gives this line to {owner}" in says


@pytest.mark.parametrize(
    "spec",
    [
        "  version: '2'\n  # renovate: below\n",
        "  a: 1 # renovate: of the line above\n  version: '2'\n",
        "  version: 'renovate'\n",
        "  # x-release-please-start-version\n  a: 1.2.0\n  # x-release-please-end\n  version: '2'\n",
        "  a: 1.2.0 # x-release-please-version\n  version: '2'\n",
        "  version: '2'\n  # x-release-please-start-version\n  a: 1.2.0\n",
    ],
)
def test_a_marker_of_another_line_is_in_nobodys_way(spec):
    assert find({"x.yaml": f"{HEAD}spec:\n{spec}".encode()}, REF, parsed("spec.version"))


def test_a_block_of_release_please_may_begin_in_another_document():
    begun = f"# x-release-please-start-version\n---\n{HEAD}spec:\n  a: 1\n  version: 1.2.0\n"
    assert refused(begun)[0] == "ManagedElsewhere"
    assert find({"x.yaml": f"# x-release-please-end\n---\n{HEAD}spec: {{version: '2'}}".encode()}, REF, parsed("spec.version"))


def test_an_object_that_image_updater_annotates_is_refused():
    annotated = HEAD.replace("reactor}", "reactor, annotations: {argocd-image-updater.argoproj.io/image-list: a=b}}")
    reason, says = refused(f"{annotated}spec: {{version: '2'}}\n")
    assert reason == "ManagedElsewhere"
    assert "x.yaml:3: the annotation argocd-image-updater.argoproj.io/image-list gives" in says


def test_a_document_that_sops_seals_is_refused():
    reason, says = refused(f"{HEAD}spec: {{version: '2'}}\nsops:\n  mac: ENC[AES256_GCM,data:x]\n")
    assert (reason, says) == ("ManagedElsewhere", "x.yaml:6: SOPS seals the whole document; change it with sops itself")


IMAGE = f"{HEAD}spec: {{image: 'registry:5000/plant/app:1.2', version: '2'}}\n"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: plant
  annotations:
    argocd-image-updater.argoproj.io/image-list: app=registry:5000/plant/app:~1.2
"""


@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"apps__plant.yaml": APPLICATION}, id="by an Application"),
        pytest.param({".argocd-source-plant.yaml": "kustomize: {images: ['registry:5000/plant/app:1.3']}\n"}, id="by its file"),
    ],
)
def test_an_image_that_image_updater_follows_is_refused_and_all_else_is_not(others):
    reason, says = refused(IMAGE, "spec.image", **others)
    assert reason == "ManagedElsewhere"
    assert "Argo CD Image Updater follows registry:5000/plant/app" in says
    files = {"x.yaml": IMAGE.encode()} | {name.replace("__", "/"): data.encode() for name, data in others.items()}
    assert find(files, REF, parsed("spec.version")).value == "2"


@pytest.mark.parametrize(
    "value", ["'{{ v }}'", "{{ v }}", "a{% x %}", "<% v %>", "${V}", "'$(VERSION)'", "2 # {{ v }}", "2 # {% if x %}"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_line_that_is_filled_in_is_refused(value, newline):
    text = f"{HEAD}spec:\n  a: 1\n  version: {value}\n".replace("\n", newline)
    assert refused(text)[0] == "Templated"
    assert "x.yaml:6: " in refused(text)[1]


def test_a_template_on_another_line_is_in_nobodys_way():
    text = f"{HEAD}spec:\n  summary: 'at {{{{ $labels.x }}}}'\n  version: '2'\n"
    assert find({"x.yaml": text.encode()}, REF, parsed("spec.version")).changed_to("3").decode() == text.replace("'2'", "'3'")


YTT = '#@ load("@ytt:data", "data")\n---\n'


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        pytest.param("spec:\n  version: #@ data.values.version\n", 7, id="the value"),
        pytest.param("spec:\n  version: '2' #@ data.values.version\n", 7, id="instead of the value"),
        pytest.param("spec:\n  version: '2' #@overlay/replace\n", 7, id="an annotation on the line"),
        pytest.param("spec:\n  #@overlay/match missing_ok=True\n  #! why\n\n  version: '2'\n", 7, id="annotations above"),
        pytest.param("spec:\n  #@yaml/text-templated-strings\n  version: '(@= v @)'\n", 8, id="text in the value"),
        pytest.param("spec: #@ spec()\n  version: '2'\n", 6, id="the value of what holds it"),
        pytest.param("#@ if/end data.values.is_there:\nspec:\n  a: 1\n  version: '2'\n", 6, id="a condition of what holds it"),
        pytest.param("spec:\n  a: 1\n  #@ if data.values.x:\n  b: 1\n  version: '2'\n  #@ end\n", 8, id="a condition around it"),
    ],
)
def test_what_ytt_fills_in_or_annotates_is_refused(spec, line):
    reason, says = refused(f"{YTT}{HEAD}{spec}")
    assert (reason, says.split(": ")[0]) == ("Templated", f"x.yaml:{line}")


@pytest.mark.parametrize("above", ["#@overlay/match by=overlay.all\n---\n", "#@ for i in range(3):\n---\na: 1\n---\n"])
def test_what_ytt_says_above_the_document_counts(above):
    assert refused(f"{above}{HEAD}spec: {{a: 1, version: '2'}}\n#@ end\n")[1].startswith("x.yaml:1: ")


def test_a_name_that_ytt_fills_in_may_be_the_objects():
    assert refused(HEAD.replace("{name: reactor}", "\n  name: #@ data.values.name") + "spec: {version: '2'}\n")[0] == "Templated"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{YTT}{HEAD}spec:\n  #! why\n  version: '2'\n", id="ytt's comment"),
        pytest.param(f"{YTT}{HEAD}spec:\n  a: #@ data.values.a\n  version: '2'\n", id="the line above"),
        pytest.param(f"{YTT}{HEAD}spec:\n  version: '2'\n  #@ if x:\n  a: 1\n  #@ end\n", id="a condition below"),
        pytest.param(
            f"{YTT}{HEAD}spec:\n  #@ if x:\n  a: 1\n  #@ else:\n  a: 2\n  #@ end\n  b: 1\n  version: '2'\n", id="another's"
        ),
        pytest.param(f"{HEAD}spec: {{version: '2', color: '#@fff'}}\n", id="no comment"),
    ],
)
def test_what_ytt_does_to_another_line_is_in_nobodys_way(text):
    assert find({"x.yaml": text.encode()}, REF, parsed("spec.version")).changed_to("3").decode() == text.replace("'2'", "'3'")


@pytest.mark.parametrize("path", ["spec.tags[0].unit", "spec.tags[name=a].unit"])
def test_an_item_that_ytt_annotates_is_refused(path):
    text = f"{HEAD}spec:\n  tags:\n  #@ if/end data.values.x:\n  - name: a\n    unit: '2'\n  - {{name: b, unit: '2'}}\n"
    assert refused(text, path)[1].startswith("x.yaml:6: ytt ")
    assert find({"x.yaml": text.encode()}, REF, parsed("spec.tags[name=b].unit"))
