"""Are Prometheus and MLflow there, and does Prometheus scrape the servers?

A terminal is seldom in the cluster's network: what it cannot reach itself is asked for through the API server.
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from andon.api.errors import UserError
from andon.api.missing import Missing
from andon.doctor.examined import Examined, Patient, fail, ok, unknown, warn
from andon.explain.fetch import fetched
from andon.ports.terminal import AwayError, NotFoundError, Place

_SOON: Final = 3.0
_HOW: Final = "name it: andon doctor --{service} URL, or --config FILE"
_SCRAPED: Final = "count by (namespace, deployment) (andon_asked_requests_total)"
"""Exported from when a server holds its first revision, whether it is ever asked or not."""


def prometheus(patient: Patient) -> Iterator[Examined]:
    """It answers, and has series of every deployment's server."""
    address = patient.address("prometheus")
    if address is None:
        yield unknown("prometheus", "its address is not known here", _HOW.format(service="prometheus"))
        return
    answer = _asked(patient, address, "api/v1/query", {"query": _SCRAPED})
    if isinstance(answer, Missing):
        yield fail("prometheus", _why(answer), f"check config.prometheus.url of the chart ({address})")
        return
    try:
        scraped = {(s["metric"].get("namespace"), s["metric"].get("deployment")) for s in answer["data"]["result"]}
    except (KeyError, TypeError, AttributeError):
        yield fail("prometheus", f"{address} does not answer as Prometheus does", "check config.prometheus.url of the chart")
        return
    yield ok("prometheus", f"{address} answers")
    names = [str(obj["metadata"]["name"]) for obj in patient.deployments]
    unseen = [name for name in names if (patient.namespace, name) not in scraped]
    if unseen:
        fix = "scrape pods by their annotations prometheus.io/scrape, /port and /path; relabel neither namespace nor deployment"
        yield warn("scraping", f"no series of the servers of {', '.join(unseen)}", fix)
    elif names:
        yield ok("scraping", f"the servers of all {len(names)} deployments of {patient.namespace} are scraped")


def mlflow(patient: Patient) -> Iterator[Examined]:
    """It answers."""
    address = patient.address("mlflow")
    if address is None:
        yield unknown("mlflow", "its address is not known here", _HOW.format(service="mlflow"))
        return
    answer = _asked(patient, address, "api/2.0/mlflow/registered-models/search", {"max_results": "1"})
    if isinstance(answer, Missing):
        yield fail("mlflow", _why(answer), f"check config.mlflow.url of the chart ({address})")
    else:
        yield ok("mlflow", f"{address} answers")


def _asked(patient: Patient, address: str, path: str, query: dict[str, str]) -> Any:
    """The JSON at the path, or Missing for the way that was tried last."""
    direct = fetched(f"{address}/{path}", query, _SOON)
    unreached = isinstance(direct, Missing) and direct.reason in {"Unreachable", "Timeout"}
    return _proxied(patient, address, path, query) if unreached and _in_cluster(address) else direct


def _why(missing: Missing) -> str:
    """Without its next step: there is a better one here."""
    return missing.detail.partition(" Next:")[0].rstrip(".")


def _in_cluster(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host.endswith((".svc", ".svc.cluster.local"))


def _proxied(patient: Patient, address: str, path: str, query: dict[str, str]) -> Any:
    parts = urlsplit(address)
    name, namespace, *_ = f"{parts.hostname}".split(".")
    scheme = "https:" if parts.scheme == "https" else ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    service = f"/api/v1/namespaces/{namespace}/services/{scheme}{name}:{port}/proxy{parts.path}/{path}"
    try:
        return patient.api.get(Place(service, f"services/proxy of {name} in namespace {namespace}"), query)
    except NotFoundError:
        return Missing("NotFound", f"there is no Service {name} in namespace {namespace} that answers.")
    except UserError as error:
        return Missing("Refused", str(error))
    except AwayError as error:
        return Missing("Unreachable", f"{address} can be reached neither from here nor through the API server ({error}).")
