"""What was asked: the file that ``ANDON_CONFIG`` names."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from andon.api.datasource import RegimeTag
from andon.api.errors import invalid
from andon.api.pipeline import Builtin, MlflowTarget, TrainingPipelineSpec
from andon.api.types import ApiModel, Name, Text, seconds
from andon.runtime.train.outcome import BadConfiguration

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:._\-]{1,128}$")]


class TrainConfig(ApiModel):
    """One pipeline's order. fingerprint: names this run; a version carries it, and none is trained twice for it."""

    namespace: Name
    name: Name
    fingerprint: Fingerprint
    spec: Annotated[TrainingPipelineSpec, Field(description="The pipeline's spec, as in the cluster.")]
    regime: Annotated[RegimeTag | None, Field(description="The DataSource's regime, if it declares one.")] = None
    decision: Annotated[Text | None, Field(description="The decision that asks for this run; the fingerprint is its own.")] = None

    @property
    def pipeline(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    @property
    def every_ms(self) -> int:
        """The clock of the rows in milliseconds."""
        return round(seconds(self.spec.data.every) * 1000)

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of the features, in column order."""
        return tuple(feature.tag for feature in self.spec.features)

    @property
    def needed(self) -> frozenset[str]:
        """All tags whose landed records are read."""
        regime = {self.regime.tag} if self.regime else set()
        return frozenset({*self.tags, self.spec.data.target, *regime})

    @property
    def builtin(self) -> Builtin:
        """The built-in trainer that the spec asks for."""
        if self.spec.trainer.builtin is None:
            raise BadConfiguration("spec.trainer: set builtin; this image has no other trainer")
        return self.spec.trainer.builtin

    @property
    def registry(self) -> MlflowTarget:
        """Where the version goes."""
        if self.spec.registry.mlflow is None:
            raise BadConfiguration("spec.registry: set mlflow; this image knows no other registry")
        return self.spec.registry.mlflow


def read(path: Path) -> TrainConfig:
    """The order in this file. Raises BadConfiguration, naming the field."""
    try:
        return TrainConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read ({error.strerror}); mount the file that ANDON_CONFIG names") from None
    except ValidationError as error:
        raise BadConfiguration(str(invalid(str(path), error))) from None
