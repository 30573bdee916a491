"""Signals of a user's own: any PromQL query with the levels at which it fires and clears."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from andon.api.decision import Verdict
from andon.api.types import ApiModel, Between, Decimals, Name, Rule, Text, exactly_one_of, quantity

SignalVerdict = Literal[Verdict.HARMFUL_SHIFT, Verdict.CONCEPT_DRIFT, Verdict.MODEL_REGRESSION]

SAMPLES_KEPT = 20
"""The most samples that hysteresis may look back on."""


class Hysteresis(ApiModel):
    """How many of the last samples must lie beyond the level. A sample of the same time is not a new one."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule("self.samples <= self.of", "samples must not be more than of", lambda h: h.samples <= h.of),
    )

    samples: Annotated[int, Between(1, SAMPLES_KEPT), Field(description="So many samples.")] = 3
    of: Annotated[int, Between(1, SAMPLES_KEPT), Field(description="Of so many last ones.")] = 5


class PromQL(ApiModel):
    """One query that gives one number. fire above clear: high is bad; fire below clear: low is bad."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "quantity(self.fire).compareTo(quantity(self.clear)) != 0",
            "fire and clear must differ: between them nothing changes",
            lambda signal: quantity(signal.fire) != quantity(signal.clear),
        ),
    )

    name: Annotated[Name, Field(description="What this signal is called in decisions and in status.")]
    query: Annotated[Text, Field(description="PromQL, evaluated at each interval; it must give one series.")]
    fire: Annotated[Decimals, Field(description="At this level and beyond it speaks for its verdict.")]
    clear: Annotated[Decimals, Field(description="At this level and beyond, on the other side, it is quiet again.")]
    hysteresis: Annotated[Hysteresis, Field(description="How many samples it takes to fire.")] = Hysteresis()
    verdict: Annotated[
        SignalVerdict,
        Field(description="What it means. ModelRegression counts only if it began after the candidate was put to judgement."),
    ] = Verdict.HARMFUL_SHIFT


class Signal(ApiModel):
    """One signal, of one sort. What the server asks of its rows needs no entry."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("promql"),)

    promql: Annotated[PromQL | None, Field(description="Any query of the operator's Prometheus.")] = None
