"""The operator's own configuration: one file, written by the platform team, read once at start.

Addresses and credentials live here and never in a user's object; an object names an entry that its namespace was granted.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from andon.api.types import ApiModel, Duration, Name

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=512)]


class Prometheus(ApiModel):
    """The Prometheus that scrapes collectors and servers."""

    url: HttpUrl
    timeout: Duration = "2s"


class Mlflow(ApiModel):
    """The model registry."""

    url: HttpUrl
    timeout: Duration = "5s"


class Repository(ApiModel):
    """A git repository that some namespaces may have decisions committed to."""

    name: Name
    url: Annotated[str, StringConstraints(pattern=r"^(https?|file)://[^\s]+$", max_length=512)]
    branch: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/\-]{0,127}$")] = "main"
    path: Annotated[
        str, StringConstraints(pattern=r"^(\.|[A-Za-z0-9_][A-Za-z0-9._\-]*(/[A-Za-z0-9_][A-Za-z0-9._\-]*)*)$", max_length=512)
    ] = "."
    namespaces: list[Name] = Field(default_factory=list)
    author: Annotated[str, StringConstraints(pattern=r"^[^<>\n]+ <[^<>\n]+>$", max_length=200)] = "Andon <andon@localhost>"

    def grants(self, namespace: str) -> bool:
        """Whether objects of this namespace may name this repository."""
        return namespace in self.namespaces


class Images(ApiModel):
    """The images that workloads are made of."""

    collect: str = "andon/collect:0.1.0"
    serve: str = "andon/serve:0.1.0"
    train: str = "andon/train:0.1.0"


class OperatorConfig(ApiModel):
    """Everything the operator must be told."""

    prometheus: Prometheus
    mlflow: Mlflow
    repositories: list[Repository] = Field(default_factory=list, max_length=1000)
    images: Images = Images()
    cache_dir: str = "/var/cache/andon"

    def repository(self, name: str, namespace: str) -> Repository | None:
        """The entry of this name, if it is there and granted to the namespace."""
        return next((r for r in self.repositories if r.name == name and r.grants(namespace)), None)
