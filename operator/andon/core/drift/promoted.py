"""Was it right to promote what serves? It goes on being judged beside what it replaced, by the checks that judged it before."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from andon.api.decision import Verdict
from andon.core.chain import Looks, Told, told
from andon.core.drift import candidate
from andon.core.drift.answer import Answer
from andon.core.drift.facts import Facts
from andon.core.drift.sight import signals_missing

PROMOTED: Final[Looks[Facts, Answer]] = (  # of the candidate's, those that rest on the same rows
    signals_missing,
    candidate.too_few_rows,
    candidate.data_suspect,
    candidate.worse_with_labels,
    candidate.equal_with_labels,
    candidate.worse_without_labels,
    candidate.undecided,
)


def beside_its_reference(facts: Facts, now: datetime) -> Told[Answer] | None:
    """The conviction of what serves, if there is one. Short of that, the stable's own chain speaks of it."""
    if facts.stable is None or facts.before(facts.stable) is None:
        return None
    said = told(PROMOTED, replace(facts, promoted=True), now)
    return said if said.answer.verdict is Verdict.MODEL_REGRESSION else None
