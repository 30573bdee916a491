"""Should a pipeline train now, and what does its status say."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from andon.api.datasource import DataSourceSpec
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.core.training.facts import Facts, Job
from andon.core.training.plan import decide

from .deployments import revision

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DOCUMENT = {
    "data": {"sourceRefs": [{"name": "reactor"}], "target": "xmeas_38", "every": "200ms", "minRows": 400},
    "features": [{"name": "pressure", "tag": "xmeas_7"}],
    "trainer": {"builtin": {"estimator": "Ridge"}},
    "registry": {"mlflow": {"model": "product-e"}},
}
SOURCE = DataSourceSpec.model_validate(
    {
        "asset": "reactor-1",
        "opcua": {"endpoint": "opc.tcp://plant:4840"},
        "tags": [{"name": "xmeas_7", "node": "nsu=urn:plant:tep;s=XMEAS_7"}],
        "landing": {"uri": "pvc://landing/reactor"},
    }
)
SPEC = TrainingPipelineSpec.model_validate(DOCUMENT)
READY = Facts("plant-a", "product-e", 1, SPEC, TrainingPipelineStatus(), source=SOURCE, labelled=400)
TRAINED = replace(READY, status=TrainingPipelineStatus(trained=revision("1"), trained_spec=READY.fingerprint))


@pytest.mark.parametrize(
    ("facts", "runs", "reason"),
    [
        pytest.param(READY, True, "Training", id="enough has landed: train"),
        pytest.param(replace(READY, labelled=399), False, "WaitingForRows", id="one row short: wait"),
        pytest.param(
            replace(READY, labelled=Missing("Timeout", "Prometheus")), False, "RowsUncounted", id="nobody can count: wait"
        ),
        pytest.param(replace(READY, source=None), False, "SourceNotFound", id="no such source"),
        pytest.param(replace(READY, unknown_tags=("xmeas_99",)), False, "TagNotFound", id="a tag the source has not"),
        pytest.param(replace(READY, job=Job()), True, "Training", id="its Job runs"),
        pytest.param(replace(READY, job=Job(succeeded=True, outcome=revision("1"))), True, "Trained", id="its Job is done"),
        pytest.param(
            replace(READY, job=Job(succeeded=True, outcome=Missing("Unreachable", "MLflow cannot be reached."))),
            True,
            "VersionUnread",
            id="its Job is done, and nobody says which version it made",
        ),
        pytest.param(
            replace(READY, source=None, job=Job(succeeded=True, outcome=revision("1"))),
            True,
            "Trained",
            id="its Job is done, and the source is gone since",
        ),
        pytest.param(
            replace(READY, job=Job(failed=True, reason="GateFailed", message="rmse 0.03, limit 0.02")),
            True,
            "GateFailed",
            id="it failed a gate",
        ),
        pytest.param(TRAINED, False, "Trained", id="trained already: nothing to do, even with the Job gone"),
        pytest.param(
            replace(TRAINED, labelled=Missing("Timeout", "")), False, "Trained", id="trained already: an outage changes nothing"
        ),
        pytest.param(
            replace(TRAINED, spec=SPEC.model_copy(update={"suspend": True})),
            False,
            "Suspended",
            id="suspended",
        ),
    ],
)
def test_training(facts, runs, reason):
    plan = decide(facts, NOW)
    assert (plan.run, next(c.reason for c in plan.status.conditions if c.type == "Ready")) == (runs, reason)


def test_a_changed_spec_is_trained_again_and_a_moved_one_is_not():
    other = TrainingPipelineSpec.model_validate(DOCUMENT | {"trainer": {"builtin": {"estimator": "HistGradientBoosting"}}})
    moved = TrainingPipelineSpec.model_validate(DOCUMENT | {"placement": {"nodeSelector": {"andon.dev/tier": "cloud"}}})
    assert decide(replace(TRAINED, spec=other), NOW).run
    assert not decide(replace(TRAINED, spec=moved), NOW).run


def test_a_new_spec_keeps_the_version_of_the_old_one_until_it_has_its_own():
    other = TrainingPipelineSpec.model_validate(DOCUMENT | {"trainer": {"builtin": {"estimator": "HistGradientBoosting"}}})
    status = decide(replace(TRAINED, spec=other), NOW).status
    assert (status.trained, status.trained_spec) == (revision("1"), READY.fingerprint)
