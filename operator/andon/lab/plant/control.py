"""How is the plant commanded? A tiny HTTP endpoint on the loopback, and the function that calls it.

``GET /state``; ``POST /command`` with ``{"do": "stick", "tag": "XMEAS_7"}``, likewise ``drop`` and ``bad``; ``bias`` with
``amount``; ``fault`` with ``number``; ``normal``. The answer is the state; 400 with ``error`` when it was refused.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from andon.api.errors import UserError
from andon.api.types import ApiModel
from andon.lab.plant.plant import Plant
from andon.lab.plant.sensors import Ill, Illness

if TYPE_CHECKING:
    from aiohttp import web

_TIMEOUT_S: Final = 5.0


class SensorCommand(ApiModel):
    """Let a sensor stick, fall silent or go bad."""

    do: Literal["stick", "drop", "bad"]
    tag: str


class BiasCommand(ApiModel):
    """Let a sensor show too much, or with a negative amount too little, in its unit."""

    do: Literal["bias"]
    tag: str
    amount: Annotated[float, Field(allow_inf_nan=False)]


class FaultCommand(ApiModel):
    """Let the process suffer a fault; 0 is none."""

    do: Literal["fault"]
    number: int


class NormalCommand(ApiModel):
    """End all that was commanded."""

    do: Literal["normal"] = "normal"


Command = Annotated[SensorCommand | BiasCommand | FaultCommand | NormalCommand, Field(discriminator="do")]
_COMMAND: Final = TypeAdapter[SensorCommand | BiasCommand | FaultCommand | NormalCommand](Command)
_ILL: Final = {"stick": Ill.STUCK, "drop": Ill.DROPPED, "bad": Ill.BAD}


class CommandFailedError(UserError):
    """The plant refused or did not answer; the message says which."""


def obey(plant: Plant, command: SensorCommand | BiasCommand | FaultCommand | NormalCommand) -> None:
    """Do as commanded. Raises ValueError with what is wrong."""
    match command:
        case SensorCommand():
            plant.sensors.make(command.tag, Illness(_ILL[command.do]))
        case BiasCommand():
            plant.sensors.make(command.tag, Illness(Ill.BIASED, command.amount))
        case FaultCommand():
            plant.replay.switch(command.number)
        case NormalCommand():
            plant.normal()


def application(plant: Plant, changed: Callable[[], None]) -> "web.Application":
    """The endpoint of one plant. changed: called after each command."""
    from aiohttp import web

    async def state(_: web.Request) -> web.Response:
        return web.json_response(plant.state())

    async def command(request: web.Request) -> web.Response:
        try:
            obey(plant, _COMMAND.validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response(
                {"error": "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())}, status=400
            )
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        changed()
        return web.json_response(plant.state())

    app = web.Application()
    app.add_routes([web.get("/state", state), web.post("/command", command)])
    return app


def send(control: str, command: dict[str, Any] | None) -> dict[str, Any]:
    """Command the plant at ``http://HOST:PORT``, or with None only ask; its state.

    Raises CommandFailedError.
    """
    path, body = ("state", None) if command is None else ("command", json.dumps(command).encode())
    try:
        with urllib.request.urlopen(f"{control}/{path}", data=body, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            state: dict[str, Any] = json.load(answer)
            return state
    except urllib.error.HTTPError as error:
        raise CommandFailedError(json.load(error)["error"]) from error
    except OSError as error:
        raise CommandFailedError(
            f"no plant answers at {control} ({getattr(error, 'reason', error)}); see: andon lab status"
        ) from error
