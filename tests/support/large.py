"""Files of any size to edit: many documents, one document, many files."""

from andon.ports.splice import ObjectRef, parsed

PATH = parsed("spec.model.mlflow.version")
_OBJECT = """\
apiVersion: andon.dev/v1alpha1
kind: ModelDeployment
metadata: {{name: reactor-{number}, namespace: plant-a}}
spec:
  model:
    mlflow:
      name: product-e   # of line {number}
      version: "2"
  tags:
  - {{name: xmeas_7, unit: kPa}}
  - name: xmeas_8
    unit: "C"
"""


def many_documents(size: int) -> tuple[dict[str, bytes], ObjectRef]:
    """One file of about this many bytes, and the object in its last document but ten."""
    count = size // len(_object(0))
    return {"plant.yaml": "---\n".join(map(_object, range(count))).encode()}, _ref(count - 10)


def one_document(size: int) -> tuple[dict[str, bytes], ObjectRef]:
    """The same as a `kind: List`."""
    count = size // len(_object(0))
    items = ("- " + _object(number).replace("\n", "\n  ").rstrip(" ") for number in range(count))
    return {"plant.yaml": ("apiVersion: v1\nkind: List\nitems:\n" + "".join(items)).encode()}, _ref(count - 10)


def many_files(count: int) -> tuple[dict[str, bytes], ObjectRef]:
    """So many files of one object each."""
    return {f"line-{number % 50}/{number}.yaml": _object(number).encode() for number in range(count)}, _ref(count - 10)


def _object(number: int) -> str:
    return _OBJECT.format(number=number)


def _ref(number: int) -> ObjectRef:
    return ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", f"reactor-{number}")
