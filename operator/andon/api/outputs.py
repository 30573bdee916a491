"""Where a model's predictions go from the server, and what consumers get while a needed tag is bad."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from andon.api.types import ApiModel, NamedRef, Rule, exactly_one_of


class OnBadInput(StrEnum):
    """What consumers get for a row with a needed value missing or bad."""

    SUPPRESS = "Suppress"
    LAST_GOOD = "LastGood"
    FLAG = "Flag"


class MqttOutput(ApiModel):
    """One message for each prediction, at least once and in order (QoS 1)."""

    broker_ref: Annotated[
        NamedRef,
        Field(
            description="A Secret with `url` (`mqtt://HOST:PORT`, `mqtts://…`) and, as needed, `username`, `password`, `ca.crt`."
        ),
    ]
    topic: Annotated[
        str,
        StringConstraints(pattern=r"^[^#+\x00$][^#+\x00]*$", min_length=1, max_length=256),
        Field(description="Where to publish, for example `plant-a/product-e`."),
    ]


class HttpOutput(ApiModel):
    """A POST with up to 500 predictions, at least once and in order."""

    url: Annotated[
        str,
        StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=512),
        Field(description="The address; without credentials."),
    ]
    token_ref: Annotated[
        NamedRef | None, Field(description="A Secret with `token`, sent as a bearer token, and `ca.crt` as needed.")
    ] = None


class Output(ApiModel):
    """One consumer of predictions."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("mqtt", "http"),)

    mqtt: Annotated[MqttOutput | None, Field(description="A broker's topic.")] = None
    http: Annotated[HttpOutput | None, Field(description="A web service.")] = None

    @property
    def secret(self) -> str | None:
        """The Secret that it needs, if any."""
        if self.mqtt is not None:
            return self.mqtt.broker_ref.name
        return self.http.token_ref.name if self.http and self.http.token_ref else None
