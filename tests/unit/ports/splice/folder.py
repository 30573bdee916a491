"""Folders as the tests of the editor see them, and what must come of each."""

import pytest

from andon.ports.splice import ObjectRef, Refusal, find, parsed

REF = ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", "reactor")
PATH = parsed("spec.model.mlflow.version")
MARKED = "'@'"
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: plant}
spec:
  path: ./a
  patches:
  - target: {kind: ModelDeployment}
    patch: '[{op: replace, path: /spec/model/mlflow/version, value: "3"}]'
"""


def declared(version="'2'", name="reactor", namespace="plant-a", kind="ModelDeployment"):
    where = f", namespace: {namespace}" if namespace else ""
    head = f"apiVersion: andon.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}{where}}}\n"
    return f"{head}spec:\n  model:\n    mlflow: {{name: e, version: {version}}}\n"


def bytes_of(files):
    return {file: text.encode() for file, text in files.items()}


def found(files, ref=REF, path=PATH):
    """The file whose version would change; that it is the marked one is checked byte by byte."""
    place = find(bytes_of(files), ref, path)
    assert place.changed_to("9").decode() == files[place.file].replace(MARKED, "'9'")
    assert MARKED in files[place.file]
    return place.file


def refused(files, ref=REF, path=PATH):
    with pytest.raises(Refusal) as caught:
        find(bytes_of(files), ref, path)
    return caught.value.reason, str(caught.value)
