"""What is told of a prediction where no cluster is known? What its server knows, and the registry: no people, no commits."""

from pydantic import ValidationError

from andon.api.deployment import ModelDeploymentStatus
from andon.api.errors import UserError, invalid
from andon.api.missing import Missing
from andon.api.slots import Slots
from andon.explain.fetch import fetched
from andon.watch.why.answer import Explained, explained
from andon.watch.why.moment import row_at
from andon.watch.why.origin import Origin, origin
from andon.watch.why.question import Question
from andon.watch.why.registry import Registered, address_in, registered

_NO_CLUSTER = "No cluster is configured: people and commits are not told."


def alone(question: Question, mlflow: str | None) -> tuple[Explained, Origin]:
    """As the server at `question.url` says. mlflow: its address, None for the one in the server's orders. Raises UserError."""
    slots = _orders(question)
    if slots.inputs is None:
        raise UserError(f"{question.url} has no inputs: it answers those who ask, and keeps no predictions to explain")
    told = explained(_said(question, "why", time=str(row_at(question.at, slots.inputs.every))))
    model, version = _model(slots, told.prediction.digest), told.prediction.version
    address = mlflow or address_in(slots.text())
    found = registered(address, model, version) if model and address else Registered()
    if isinstance(found, Missing):
        remarks = (_NO_CLUSTER, f"The registry tells nothing: {found.detail}")
        return told, origin(told, model, ModelDeploymentStatus(), Registered(), remarks)
    return told, origin(told, model, ModelDeploymentStatus(), found, (_NO_CLUSTER,))


def _orders(question: Question) -> Slots:
    said = _said(question, "slots")
    try:
        slots = Slots.model_validate(said["wanted"] if isinstance(said, dict) else said)
    except KeyError as error:
        raise UserError(f"{question.url} is no server of Andon: its /slots has no orders; check the address") from error
    except ValidationError as error:
        raise invalid(f"{question.url}/slots: wanted", error) from error
    if slots.deployment != question.name:
        raise UserError(f"{question.url} serves {slots.deployment}, not {question.name}; name that, or another address")
    return slots


def _said(question: Question, page: str, **query: str) -> object:
    base = (question.url or "").rstrip("/")
    said: object = fetched(f"{base}/{page}", query, token=question.token, ca_file=question.ca_file)
    if isinstance(said, Missing):
        raise UserError(said.detail)
    return said


def _model(slots: Slots, digest: str) -> str | None:
    """What the registry calls it, while it is in a slot."""
    placed = (slots.stable, slots.candidate, slots.reference)
    return next((slot.name for slot in placed if slot and slot.digest == digest), None)
