"""A few inputs with the answers that training saw: `golden.json` beside a model.

Who serves the model must get the same answers from it, on whatever machine that is, before it takes its place.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from andon.api.types import ApiModel, Decimals

GOLDEN_FILE: Final = "golden.json"
GOLDEN_TAG: Final = "andon.golden-digest"
"""The tag of a registry version that has the digest of its file."""


class GoldenTensor(ApiModel):
    """One input or output, as the Open Inference Protocol writes it. data: flat or nested, row-major; null is not a number."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class Golden(ApiModel):
    """inputs: all that the model takes. outputs: those that are compared.

    tolerance: how far a number may lie beside the golden one, in units of the larger of 1 and that number; what is not a
    floating-point number must be equal.
    """

    inputs: Annotated[list[GoldenTensor], Field(min_length=1)]
    outputs: Annotated[list[GoldenTensor], Field(min_length=1)]
    tolerance: Decimals = "0.00001"
