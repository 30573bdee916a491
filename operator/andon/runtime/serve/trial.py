"""What does a model do with rows that nobody sent? Whether it answers at all, and whether a row is answered alike in company.

Company must change nothing: answers of a model whose rows depend on each other would hold what another client sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from andon.runtime.serve.model import Tensor

Array = NDArray[Any]
Feeds = Mapping[str, Array]
Answer = Callable[[Feeds], list[Array] | None]
"""What a model answers, or None where it raises."""

LENGTHS: Final = (1, 12)
"""Of free dimensions but the first: the shortest, and one that has room for a window of time and divides well."""

_SCALES: Final = (1.0, 1.0, 1.0, -1.0, 30.0, -30.0)
_FEWEST: Final = 3


def rows(inputs: "Sequence[Tensor]", length: int) -> Iterator[dict[str, Array]]:
    """Single rows: zeros, ones, then such as chance makes, the same each time."""
    chance = Random(0)  # noqa: S311 - and not numpy's, which takes megabytes
    for value in (0, 1):
        yield {tensor.name: tensor.filled(value, length) for tensor in inputs}
    for scale in _SCALES:
        yield {tensor.name: _drawn(tensor.filled(1, length), scale, chance) for tensor in inputs}


def _drawn(like: Array, scale: float, chance: Random) -> Array:
    """Numbers of which none is 0, so that each shows where it has an influence. scale: of fractions; below 0: of either sign."""
    values = [_one(like.dtype.kind, scale, chance) for _ in range(like.size)]
    return np.array(values, like.dtype).reshape(like.shape)


def _one(kind: str, scale: float, chance: Random) -> bool | str | float:
    if kind == "b":
        return chance.random() < 0.5
    if kind == "O":
        return str(chance.randrange(10))
    if kind != "f":
        return chance.randrange(1, 4)
    return abs(scale) * chance.uniform(0.1, 2.0) * (chance.choice((-1, 1)) if scale < 0 else 1)


def _lengths(inputs: "Sequence[Tensor]") -> Sequence[int]:
    return LENGTHS if any(-1 in tensor.shape[1:] for tensor in inputs) else LENGTHS[:1]


def answered(answer: Answer, inputs: "Sequence[Tensor]") -> dict[str, Array] | None:
    """The first row that is answered with finite numbers, if any is."""
    return next(
        (row for length in _lengths(inputs) for row in rows(inputs, length) if (got := answer(row)) and finite(got)), None
    )


def independent(answer: Answer, inputs: "Sequence[Tensor]") -> bool:
    """Whether each row is answered in company as alone, whoever comes before and after; no where too little can be seen."""
    seen = [_same_in_company(answer, list(rows(inputs, length))) for length in _lengths(inputs)]
    return True in seen and False not in seen


def _same_in_company(answer: Answer, tried: Sequence[Feeds]) -> bool | None:
    """None where too few rows are answered, or all alike, which says nothing."""
    alone = [(row, got) for row in tried if (got := answer(row)) is not None]
    if len(alone) < _FEWEST or _all_equal([got for _, got in alone]):
        return None
    shuffled = Random(1).sample(alone, len(alone))  # noqa: S311 - no secret
    return all(_joins(answer, company) for company in (alone, alone[::-1], shuffled, shuffled[:_FEWEST], alone[1:3]))


def _all_equal(answers: Sequence[list[Array]]) -> bool:
    return all(_alike(*pair) for got in answers for pair in zip(got, answers[0], strict=True))


def _joins(answer: Answer, company: Sequence[tuple[Feeds, list[Array]]]) -> bool:
    together = answer({name: np.concatenate([row[name] for row, _ in company]) for name in company[0][0]})
    if together is None:
        return False
    apart = [np.concatenate(parts) for parts in zip(*(got for _, got in company), strict=True)]
    return all(len(got) == len(company) and _alike(got, wanted) for got, wanted in zip(together, apart, strict=True))


def _alike(got: Array, wanted: Array) -> bool:
    if got.shape != wanted.shape:
        return False
    if got.dtype.kind == "f":
        return np.allclose(got, wanted, rtol=1e-3, atol=1e-5, equal_nan=True)
    return bool((got == wanted).all())


def finite(outputs: Sequence[Array]) -> bool:
    """Whether every number is one."""
    return all(values.dtype.kind != "f" or np.isfinite(values).all() for values in outputs)
