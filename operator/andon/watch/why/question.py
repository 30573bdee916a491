"""Which server is asked about which row, and what does it answer?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from andon.api.errors import UserError
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.api.missing import Missing
from andon.explain.fetch import fetched
from andon.explain.server import Server, asked
from andon.ports.terminal import ApiServer
from andon.watch.cluster import place_of
from andon.watch.standing import Object
from andon.watch.why.answer import Explained, explained
from andon.watch.why.moment import row_at


@dataclass(frozen=True, slots=True)
class Question:
    """One prediction of one deployment. url: of its server, where a person named it; token and ca_file: what it takes to ask."""

    namespace: str
    name: str
    at: datetime
    url: str | None = None
    token: str | None = None
    ca_file: str | None = None


def deployment(api: ApiServer, question: Question) -> Object:
    """The ModelDeployment. Raises UserError when it is not there, or scores no rows."""
    obj: Object = api.read(place_of(MODEL_DEPLOYMENT, question.namespace, question.name))
    if "inputs" not in obj["spec"]:
        raise UserError(
            f"modeldeployment {question.name} has no inputs: it answers those who ask, and keeps no predictions to explain"
        )
    return obj


def answer(api: ApiServer, question: Question, obj: Object) -> Explained:
    """What the server says of the row at that time. Raises UserError with the next step when it says nothing."""
    row = row_at(question.at, obj["spec"]["inputs"]["every"])
    said = _way(api, question, obj)({"time": str(row)})
    if not isinstance(said, Missing):
        return explained(said)
    if said.reason == "NotFound":
        raise UserError(f"{said.detail} Rows of {question.name} stand every {obj['spec']['inputs']['every']}; name another time")
    raise UserError(
        f"the server of {question.name} cannot be asked: {said.detail} Or: "
        f"kubectl port-forward -n {question.namespace} service/{question.name}-serve 8080:8080, and --server http://localhost:8080"
    )


def _way(api: ApiServer, question: Question, obj: Object) -> Callable[[dict[str, str]], object]:
    """By the address that a person gave, and by no other then."""
    url = question.url
    if url is not None:
        base = url.rstrip("/")
        return lambda query: fetched(f"{base}/why", query, token=question.token, ca_file=question.ca_file)
    status = obj.get("status", {})
    server = Server(question.namespace, question.name, status.get("url"), question.token, question.ca_file)
    return lambda query: asked(api, server, "why", query)
