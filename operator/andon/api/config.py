"""The operator's own configuration: one file, written by the platform team, read once at start.

Addresses and credentials live here and never in a user's object; an object names an entry that its namespace was granted.
"""

import re
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from andon.api.permissions import Allowance, Budget
from andon.api.types import ApiModel, Between, Decimals, Duration, KeyedBy, Name, Rule, Text, within

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^ \t\r\n]+$", max_length=512)]
Image = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Identity = Annotated[str, StringConstraints(pattern=r"^[^<>\n]+ <[^<>\n]+>$", max_length=200)]


class Prometheus(ApiModel):
    """The Prometheus that scrapes collectors and servers."""

    url: Annotated[HttpUrl, Field(description="Its address, for example `http://prometheus.monitoring.svc:9090`.")]
    timeout: Annotated[Duration, Field(description="No query waits longer.")] = "2s"


class Mlflow(ApiModel):
    """The model registry."""

    url: Annotated[HttpUrl, Field(description="Its address, for example `http://mlflow.mlops.svc:5000`.")]
    timeout: Annotated[Duration, Field(description="No request waits longer.")] = "5s"


class Repository(ApiModel):
    """A git repository that some namespaces may have decisions committed to."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!self.url.startsWith('ssh://') || (has(self.knownHosts) && has(self.credentialsSecret))",
            "an ssh url needs knownHosts (see ssh-keyscan) and credentialsSecret: no host is trusted at first sight",
            lambda entry: not entry.url.startswith("ssh://") or bool(entry.known_hosts and entry.credentials_secret),
        ),
        Rule(
            "!self.url.matches('^(https?://[^/]*@|ssh://[^/]*:[^/]*@)')",
            "url must hold no username or password: put them into a Secret and name it in credentialsSecret",
            lambda entry: re.match(r"https?://[^/]*@|ssh://[^/]*:[^/]*@", entry.url) is None,
        ),
    )

    name: Annotated[Name, Field(description="What `spec.git.repositoryRef` of a ModelDeployment names.")]
    url: Annotated[
        str,
        StringConstraints(pattern=r"^(https?|ssh|file)://[^ \t\r\n]+$", max_length=512),
        Field(description="Where it is cloned from and pushed to."),
    ]
    branch: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/\-]{0,127}$", max_length=128),
        Field(description="The branch that is synced to the cluster and committed to."),
    ] = "main"
    path: Annotated[
        str,
        StringConstraints(pattern=r"^(\.|[A-Za-z0-9_][A-Za-z0-9._\-]*(/[A-Za-z0-9_][A-Za-z0-9._\-]*)*)$", max_length=512),
        Field(description="The folder in which objects are looked for; `.` is the whole repository."),
    ] = "."
    namespaces: Annotated[list[Name], Field(max_length=1000, description="The namespaces whose objects may name it.")] = Field(
        default_factory=list
    )
    author: Annotated[Identity, Field(description="Who writes commits, as git has it.")] = "Andon <andon@localhost>"
    committer: Annotated[Identity | None, Field(description="Who makes commits; absent: the author.")] = None
    credentials_secret: Annotated[
        Name | None,
        Field(
            description="A Secret of the operator's namespace: `username` and `password`, or `token`, for http; "
            "`ssh-privatekey` for ssh."
        ),
    ] = None
    known_hosts: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=16_384),
        Field(description="The server's host keys for ssh, as `ssh-keyscan` prints them; compare them with what its owner says."),
    ] = None
    signing_key: Annotated[
        Name | None,
        Field(
            description="A Secret of the operator's namespace that commits are signed with: `ssh-privatekey`, or "
            "`gpg-privatekey` in ASCII armour; without a passphrase."
        ),
    ] = None
    push_options: Annotated[
        list[Text],
        Field(
            max_length=16,
            description="Given with a pull request's branch where the server takes them: `merge_request.create` for GitLab.",
        ),
    ] = Field(default_factory=list)

    def grants(self, namespace: str) -> bool:
        """Whether objects of this namespace may name this repository."""
        return namespace in self.namespaces


class Images(ApiModel):
    """The images that workloads are made of."""

    collect: Annotated[Image, Field(description="Of collectors.")] = "andon/collect:0.1.0"
    serve: Annotated[Image, Field(description="Of model servers.")] = "andon/serve:0.1.0"
    train: Annotated[Image, Field(description="Of training Jobs.")] = "andon/train:0.1.0"


class CircuitBreaker(ApiModel):
    """One verdict about many deployments at once has one cause, and it is not each of their models."""

    rules: ClassVar[tuple[Rule, ...]] = (within("share", "0.01", "1"),)

    share: Annotated[Decimals, Field(description='Beyond this share of all deployments every action is held: `"0.25"`.')] = "0.25"
    window: Annotated[Duration, Field(description="Verdicts count as one event within this time.")] = "1h"
    min_deployments: Annotated[
        int, Between(2, 100_000), Field(description="It never trips for fewer deployments with the same verdict.")
    ] = 4


class Limits(ApiModel):
    """What no policy can do, whatever it says."""

    circuit_breaker: Annotated[CircuitBreaker, Field(description="When everything is held.")] = CircuitBreaker()
    namespace_budget: Annotated[Budget, Field(description="How often actions may be taken in one namespace.")] = Budget(
        rollbacks=Allowance(max=20, per="7d"), retrains=Allowance(max=10, per="1d")
    )
    pull_branches_per_day: Annotated[
        int, Between(1, 1000), Field(description="How many branches for pull requests one repository may get in a day.")
    ] = 20


class Notifications(ApiModel):
    """Who is told of decisions, as CloudEvents."""

    webhook: Annotated[HttpUrl | None, Field(description="Where they are posted; absent: nowhere.")] = None
    timeout: Annotated[Duration, Field(description="No request waits longer.")] = "5s"


class LeaderElection(ApiModel):
    """Of several operators one acts, and the others stand by."""

    enabled: Annotated[
        bool, Field(description="Whether to hold a Lease while acting. Without it there must never be a second operator.")
    ] = False
    lease: Annotated[Name, Field(description="Name of that Lease, in the operator's own namespace.")] = "andon-operator"


class OperatorConfig(ApiModel):
    """Everything the operator must be told."""

    prometheus: Annotated[Prometheus, Field(description="The Prometheus that scrapes collectors and servers.")]
    mlflow: Annotated[Mlflow, Field(description="The model registry.")]
    repositories: Annotated[
        list[Repository], KeyedBy("name"), Field(max_length=1000, description="Where decisions may be committed.")
    ] = Field(default_factory=list)
    images: Annotated[Images, Field(description="The images that workloads are made of.")] = Images()
    limits: Annotated[Limits, Field(description="What no policy can do, whatever it says.")] = Limits()
    notifications: Annotated[Notifications, Field(description="Who is told of decisions.")] = Notifications()
    leader_election: Annotated[LeaderElection, Field(description="Of several operators one acts.")] = LeaderElection()
    cache_dir: Annotated[Text, Field(description="Folder for clones; it may be lost at any time.")] = "/var/cache/andon"
    secrets_dir: Annotated[
        Text, Field(description="Where the Secrets that repositories name are mounted, each in a folder of its name.")
    ] = "/var/run/secrets/andon.dev"

    def repository(self, name: str, namespace: str) -> Repository | None:
        """The entry of this name, if it is there and granted to the namespace."""
        return next((r for r in self.repositories if r.name == name and r.grants(namespace)), None)
