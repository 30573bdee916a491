"""Does an object do what was meant? All that is asked here is allowed and works as written, and is seldom what anybody wants."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from andon.api.datasource import DataSourceSpec
from andon.api.decision import Action, Authority, Verdict
from andon.api.deployment import ModelDeploymentSpec
from andon.api.policy import DriftPolicySpec
from andon.api.types import number, seconds
from andon.core.deployment.steps import min_rows, title
from andon.core.drift.levels import SUSPECT, TAG_CONVICT, asked
from andon.lint.finding import Finding
from andon.lint.objects import Declared, World, named
from andon.lint.references import source_of

Check = Callable[[World, datetime], Iterator[Finding]]
Policy = Declared[DriftPolicySpec]
Deployment = Declared[ModelDeploymentSpec]

_PATIENCE: Final = timedelta(days=30)
"""Who waits longer for a verdict has probably not done the sum."""
_WAITING: Final = 500_000
"""Predictions that wait for their labels, at most."""


def acts_without_git(world: World, now: datetime) -> Iterator[Finding]:
    """Serving goes back, and nobody tells git, which asks for the bad version as long as nobody changes it."""
    del now
    for policy, target in _watched(world):
        spec = policy.spec
        acts = spec.actions.model_regression is Action.ROLLBACK and spec.authority.rollback is Authority.ACT
        if not acts or spec.dry_run:
            continue
        if target.spec.git is None:
            message = f"authority.Rollback is Act, and {target} has no spec.git: a rollback leaves git as it is"
            yield policy.warning("ActWithoutGit", f"{message}; name a repository there", "authority", "Rollback")
        elif target.spec.model.file is not None:
            message = "what is several lines is not committed: after a rollback a person writes the former model.file"
            yield target.warning("ActWithoutGit", message, "model", "file")


def rows_come_in_time(world: World, now: datetime) -> Iterator[Finding]:
    """How long the clock takes for the rows that a verdict rests on, or a step asks for."""
    del now
    for policy, target in _watched(world):
        if target.spec.inputs is not None:
            rows, every = policy.spec.evidence.min_rows, target.spec.inputs.every
            if (takes := timedelta(seconds=rows * seconds(every))) > _PATIENCE:
                message = f"no verdict before {rows} rows: {takes.days} days at one every {every}; lower it (at least 20)"
                yield policy.warning("TakesLong", message, "evidence", "minRows")
    for deployment in world.deployments:
        yield from _steps_come_in_time(deployment)


def _steps_come_in_time(deployment: Deployment) -> Iterator[Finding]:
    inputs = deployment.spec.inputs
    for index, step in enumerate(deployment.spec.rollout.steps):
        if inputs is None or (step.shadow is None and step.weight is None):
            continue
        rows = min_rows(deployment.spec, step)
        if (takes := timedelta(seconds=rows * seconds(inputs.every))) > _PATIENCE:
            message = f"{title(step)} asks for {rows} rows: {takes.days} days at one every {inputs.every}"
            yield deployment.warning(
                "TakesLong", f"{message}; an approval step does not wait for rows", "rollout", "steps", index
            )


def something_is_seen(world: World, now: datetime) -> Iterator[Finding]:
    """A policy without rows, or whose verdict needs labels that nobody collects, never says anything."""
    del now
    for policy, target in _watched(world):
        if target.spec.inputs is None and not policy.spec.signals:
            message = f"{target} scores no rows (no spec.inputs), and there are no signals: there is nothing to judge by"
            yield policy.warning("NeverFires", message, "targetRef")
        source = _rows_of(world, target)
        if policy.says("actions", "ConceptDrift") and source is not None and source.spec.labels is None:
            message = f"ConceptDrift is told from labels, and {source} has no spec.labels"
            yield policy.warning("NeverFires", message, "actions", "ConceptDrift")


def levels_can_be_reached(world: World, now: datetime) -> Iterator[Finding]:
    """A limit beyond what there can be limits nothing."""
    del now
    for deployment in world.deployments:
        if number(deployment.spec.rollout.error_budget) >= 1:
            message = "no share of rows is larger than 1: no version is ever held up by this"
            yield deployment.warning("NeverFires", message, "rollout", "errorBudget")
    for policy in world.policies:
        evidence = policy.spec.evidence
        if asked(TAG_CONVICT, evidence) <= SUSPECT and policy.says("evidence", "falseAlarmsPerYear"):
            message = "beyond 50 a year no less evidence is asked for than at 50"
            yield policy.warning("NoEffect", message, "evidence", "falseAlarmsPerYear")


def what_is_asked_can_be_done(world: World, now: datetime) -> Iterator[Finding]:
    """An action that a budget, or the lack of a pipeline, never lets happen."""
    del now
    for policy in world.policies:
        for field, action in (("rollbacks", Action.ROLLBACK), ("retrains", Action.RETRAIN)):
            if getattr(policy.spec.budget, field).max == 0 and action in _asked_for(policy):
                message = f"a budget of none: {action}, which actions ask for, is always held (BudgetSpent); say Propose there"
                yield policy.warning("NeverDone", message, "budget", field, "max")
    for policy, target in _watched(world):
        trained = any(p.spec.promotion and p.spec.promotion.deployment_ref.name == target.name for p in world.pipelines)
        if (
            world.whole
            and not trained
            and policy.spec.authority.retrain is Authority.ACT
            and Action.RETRAIN in _asked_for(policy)
        ):
            message = f"no TrainingPipeline has promotion.deploymentRef {target.name}: a Retrain is only proposed"
            yield policy.warning("NeverDone", message, "authority", "Retrain")


def signals_mean_something(world: World, now: datetime) -> Iterator[Finding]:
    """A signal whose verdict asks for nothing fires for nobody."""
    del now
    for policy in world.policies:
        for index, signal in enumerate(policy.spec.signals):
            if signal.promql and _actions(policy)[Verdict(signal.promql.verdict)] is Action.HOLD:
                message = f"it means {signal.promql.verdict}, for which actions have Hold: it asks for nothing"
                yield policy.warning("NoEffect", message, "signals", index)


def windows_are_to_come(world: World, now: datetime) -> Iterator[Finding]:
    """An expected shift that is over is a note for nobody."""
    for policy in world.policies:
        for index, window in enumerate(policy.spec.expected_shift):
            if window.to < now:
                message = f"this window was over at {window.to.astimezone(UTC):%Y-%m-%d %H:%M} UTC; take it out"
                yield policy.warning("NoEffect", message, "expectedShift", index)


def values_are_young_enough(world: World, now: datetime) -> Iterator[Finding]:
    """A value that is older than maxAge counts as missing."""
    del now
    for deployment in world.deployments:
        source, inputs = _rows_of(world, deployment), deployment.spec.inputs
        if source is None or inputs is None or source.spec.opcua is None:
            continue
        interval = source.spec.opcua.publishing_interval
        if seconds(inputs.max_age) < seconds(interval):
            message = f"{source} has news every {interval} (opcua.publishingInterval): in between all values are missing"
            yield deployment.warning("AlwaysTooOld", message, "inputs", "maxAge")


def labels_meet_their_rows(world: World, now: datetime) -> Iterator[Finding]:
    """A prediction waits for its label twice as long as that may be late, and half a million wait at most."""
    del now
    for deployment in world.deployments:
        source, inputs = _rows_of(world, deployment), deployment.spec.inputs
        if source is None or inputs is None or source.spec.labels is None:
            continue
        delay = source.spec.labels.delay
        if 2 * seconds(delay) > _WAITING * seconds(inputs.every):
            message = f"labels come {delay} late, and only {_WAITING:,} predictions are kept for them, one every {inputs.every}"
            yield deployment.warning("LabelsTooLate", message, "inputs", "every")


def training_is_like_serving(world: World, now: datetime) -> Iterator[Finding]:
    """The same clock, the same truth, the same registered model."""
    del now
    for pipeline in world.pipelines:
        data, source = pipeline.spec.data, source_of(world, pipeline)
        if source is not None and source.spec.labels is not None and source.spec.labels.tag != data.target:
            message = f"{source} has its labels from {source.spec.labels.tag}: what serves is not measured by what it was taught"
            yield pipeline.warning("TrainedElsewise", message, "data", "target")
        promotion = pipeline.spec.promotion
        target = named(world.deployments, pipeline, promotion.deployment_ref.name) if promotion else None
        if target is None:
            continue
        if target.spec.inputs is not None and seconds(target.spec.inputs.every) != seconds(data.every):
            message = f"{target} scores a row every {target.spec.inputs.every}: the model is taught on another clock"
            yield pipeline.warning("TrainedElsewise", message, "data", "every")
        serves, trains = target.spec.model.mlflow, pipeline.spec.registry.mlflow
        if serves is not None and trains is not None and serves.name != trains.model:
            message = f"{target} serves the registered model {serves.name}: what is trained here is not what it serves"
            yield pipeline.warning("TrainedElsewise", message, "registry", "mlflow", "model")


def _watched(world: World) -> Iterator[tuple[Policy, Deployment]]:
    for policy in world.policies:
        target = named(world.deployments, policy, policy.spec.target_ref.name)
        if target is not None:
            yield policy, target


def _rows_of(world: World, deployment: Deployment) -> Declared[DataSourceSpec] | None:
    inputs = deployment.spec.inputs
    return named(world.sources, deployment, inputs.source_refs[0].name) if inputs else None


def _actions(policy: Policy) -> dict[Verdict, Action]:
    actions = policy.spec.actions
    return {
        Verdict.DATA_FAULT: actions.data_fault,
        Verdict.MODEL_REGRESSION: actions.model_regression,
        Verdict.CONCEPT_DRIFT: actions.concept_drift,
        Verdict.HARMFUL_SHIFT: actions.harmful_shift,
        Verdict.BENIGN_SHIFT: actions.benign_shift,
    }


def _asked_for(policy: Policy) -> set[Action]:
    return set(_actions(policy).values())


SENSE: Final[tuple[Check, ...]] = (
    acts_without_git,
    rows_come_in_time,
    something_is_seen,
    levels_can_be_reached,
    what_is_asked_can_be_done,
    signals_mean_something,
    windows_are_to_come,
    values_are_young_enough,
    labels_meet_their_rows,
    training_is_like_serving,
)
