"""The plant of `watch`, with a question for a person, and people with rights of their own."""

import pytest

from integration.watch.conftest import kinds, plant, still
from support.documents import ONE, SINCE, TWO, status_of

__all__ = ["kinds", "plant", "still"]

ROLLBACK, RETRAIN, QUARANTINE, PROPOSE = "d-aaaaaaaaaa", "d-bbbbbbbbbb", "d-cccccccccc", "d-dddddddddd"
_EVIDENCE = {"question": "paired", "rows": 312, "value": "1.8", "limit": "1.1", "scraped": SINCE}


def decision(id_, action, **more):
    """One that waits for a person."""
    frozen = {"id": id_, "target": "product-e", "action": action, "authority": "Confirm", "verdict": "ModelRegression"}
    frozen |= {"since": SINCE, "evidence": _EVIDENCE, "summary": "It errs more.", "state": "Open"}
    return frozen | more


ASKED = [
    decision(ROLLBACK, "Rollback", **{"from": TWO.model_dump(), "to": ONE.model_dump()}),
    decision(RETRAIN, "Retrain", verdict="ConceptDrift", **{"from": ONE.model_dump()}),
    decision(QUARANTINE, "Quarantine", verdict="DataFault", subjects=["xmeas_7"], fault="Stuck"),
    decision(PROPOSE, "Propose", verdict="BenignShift", **{"from": ONE.model_dump()}),
]


@pytest.fixture
def asking(plant):
    """One whose policy asks for all there is to ask for."""
    plant.write_status("DriftPolicy", "product-e", status_of("DriftPolicy", decisions=ASKED))
    return plant
