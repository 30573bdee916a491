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
    ],
)
def test_a_marker_of_another_line_is_in_nobodys_way(spec):
    assert find({"x.yaml": f"{HEAD}spec:\n{spec}".encode()}, REF, parsed("spec.version"))


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
