"""What does a server say of one prediction: its value, and what each feature did to it?"""

from datetime import UTC, datetime

from pydantic import Field, ValidationError

from andon.api.errors import UserError
from andon.api.types import StatusModel


class Prediction(StatusModel):
    """What consumers got of one row, in the server's words."""

    time: int
    asset: str | None = None
    slot: str | None = None
    version: str
    digest: str
    value: float | None = None
    quality: str | None = None
    reason: str | None = None


class Contribution(StatusModel):
    """What one feature did to the answer, in its unit."""

    feature: str
    tag: str
    value: float | None = None
    contribution: float


class Explained(StatusModel):
    """What the server answers to `/why`; see docs/wire.md. unexplained: why there are no contributions."""

    prediction: Prediction
    contributions: list[Contribution] = Field(default_factory=list)
    typical: float | None = None
    remainder: float | None = None
    profile_digest: str | None = None
    unexplained: str | None = None


def explained(document: object) -> Explained:
    """Raises UserError for what is not an answer to `/why`."""
    try:
        return Explained.model_validate(document)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UserError(f"the server's answer cannot be read ({where}); is it of the same version as andon?") from error


def time_of(prediction: Prediction) -> datetime:
    """Of the row."""
    return datetime.fromtimestamp(prediction.time / 1000, UTC)
