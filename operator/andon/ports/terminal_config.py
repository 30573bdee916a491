"""Which cluster does kubectl's configuration name, and in whose name does it ask?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import yaml
from kubernetes import config
from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigMerger
from urllib3 import HTTPHeaderDict

from andon.api.errors import UserError
from andon.ports.cluster import connect

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_HEADER_NAME: Final = "!#$&'*+^`|"
"""Beside letters, digits and `_.-~`, what RFC 9110 lets stand in a header's name; a key may have more."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What the current context says. user: its entry as it stands there, empty where there is none."""

    namespace: str = "default"
    user: Mapping[str, Any] = field(default_factory=dict)


def configured(kubeconfig: str | None = None) -> Configured:
    """The current context of this file, by default of kubectl's; an empty one where there is no such file, as in a pod.

    Raises UserError for a file that is none of kubectl's.
    """
    named = kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION
    try:
        merged = KubeConfigMerger(named).config
        if merged is None:
            return Configured()
        context = _entry(merged.value, "contexts", "context", merged.value.get("current-context"))
        user = _entry(merged.value, "users", "user", context.get("user"))
    except (config.ConfigException, yaml.YAMLError, OSError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        raise _unusable(named, error) from error
    return Configured(str(context.get("namespace") or "default"), user)


def connected(kubeconfig: str | None = None) -> "tuple[ApiClient, HTTPHeaderDict]":
    """A client as kubectl would have it, and the headers by which it asks in another's name.

    Raises UserError when no cluster is configured.
    """
    said = impersonation(configured(kubeconfig).user)
    try:
        return connect(kubeconfig), said
    except config.ConfigException as error:
        where = f"{kubeconfig}: " if kubeconfig else ""
        raise UserError(f"no cluster is configured ({where}{error}); set KUBECONFIG") from error
    except (ValueError, TypeError, AttributeError, OSError) as error:  # the library's, at fields that are none of kubectl's
        raise _unusable(kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION, error) from error


def impersonation(user: Mapping[str, Any]) -> HTTPHeaderDict:
    """`as`, `as-uid`, `as-groups` and `as-user-extra` of a user, as kubectl sends them; none where it is oneself.

    Raises UserError where groups, uid or extra stand without a user: kubectl refuses that, too.
    """
    name, uid = user.get("as"), user.get("as-uid")
    groups, extra = user.get("as-groups") or [], user.get("as-user-extra") or {}
    if not name and (uid or groups or extra):
        raise UserError("the kubeconfig's user has as-groups, as-uid or as-user-extra without as; name the user in `as`")
    headers = HTTPHeaderDict()
    for header, values in (("User", [name]), ("Uid", [uid]), ("Group", groups), *_extra(extra)):
        for value in filter(None, values):
            headers.add(f"Impersonate-{header}", str(value).encode().decode("latin-1"))  # as bytes, which are UTF-8
    return headers


def _extra(extra: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(f"Extra-{quote(key, safe=_HEADER_NAME)}", values) for key, values in extra.items()]


def _entry(document: Any, plural: str, singular: str, name: Any) -> Mapping[str, Any]:
    """The entry of this name; empty where there is none."""
    found = (entry for entry in document[plural] if entry["name"] == name)
    entry = next(found, None)
    inner: Mapping[str, Any] = _plain(_plain(entry).get(singular)) if entry is not None else {}
    return inner


def _plain(node: Any) -> Mapping[str, Any]:
    """Raises TypeError for what is no mapping."""
    value = getattr(node, "value", node) or {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r:.40} where a mapping must stand")
    return value


def _unusable(named: str, error: Exception) -> UserError:
    why = re.sub(r"\s+", " ", str(error))[:120]
    return UserError(f"{named} is no configuration of kubectl's ({type(error).__name__}: {why}); check it, or set KUBECONFIG")
