"""How does a person's word reach the object that acts on it? As an annotation, set in the person's own name."""

from collections.abc import Mapping
from typing import Any, Final

from andon.api import GROUP
from andon.api.errors import UserError
from andon.api.kinds import Kind
from andon.ports.terminal import ApiServer, AwayError, NotFoundError, Place, unanswered
from andon.watch.cluster import place_of
from andon.watch.standing import Object

MANAGER: Final = "andon-cli"
"""Who set the annotation, in metadata.managedFields: no syncer's, so that none takes it off."""

_WHO: Final = Place("/apis/authentication.k8s.io/v1/selfsubjectreviews", "your own name")
_MERGE: Final = "application/merge-patch+json"


def username(api: ApiServer) -> str:
    """Who the API server takes this person for. Raises UserError when it does not say."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        return str(api.send("POST", _WHO, review)["status"]["userInfo"]["username"])
    except NotFoundError:
        raise UserError("this cluster is older than 1.28 and does not say who you are; annotate with kubectl") from None
    except AwayError as error:
        raise unanswered(_WHO, error) from error


def said(obj: Object, word: str) -> str:
    """What `andon.dev/<word>` says on this object; empty: nothing."""
    return str((obj["metadata"].get("annotations") or {}).get(f"{GROUP}/{word}", ""))


def say(api: ApiServer, kind: Kind, obj: Object, words: Mapping[str, str | None]) -> Object:
    """The object with these annotations; None takes one off. Raises UserError when it may not be, or is gone."""
    annotations = {f"{GROUP}/{word}": value for word, value in words.items()}
    return patched(api, kind, obj, {"metadata": {"annotations": annotations}})


def patched(api: ApiServer, kind: Kind, obj: Object, body: Mapping[str, Any], *, dry_run: bool = False) -> Object:
    """The object with these fields, as the API server has it then. Raises UserError when it may not be, or is gone."""
    metadata = obj["metadata"]
    place = place_of(kind, metadata["namespace"], metadata["name"])
    query = {"fieldManager": MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
    try:
        document: Object = api.send("PATCH", place, body, query, _MERGE)
    except NotFoundError as error:
        raise UserError(f"{error} any more") from None
    except AwayError as error:
        raise unanswered(place, error) from error
    return document
