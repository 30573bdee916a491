"""What is at an address, or why is there nothing?"""

import json
from collections.abc import Mapping
from typing import Any, Final

import requests

from andon.api.missing import Missing

TIMEOUT: Final = 10.0
"""Seconds: a page that lacks a plot is better than one that does not come."""


def fetched(
    url: str,
    params: Mapping[str, Any] | None = None,
    timeout: float = TIMEOUT,
    *,
    token: str | None = None,
    ca_file: str | None = None,
) -> Any:
    """The JSON at an address, or Missing. token: sent as a bearer token, there and nowhere else. ca_file: whom to trust."""
    found = content(url, params, timeout, token=token, ca_file=ca_file)
    if isinstance(found, Missing):
        return found
    try:
        return json.loads(found)
    except ValueError:
        return Missing("Malformed", f"{url} did not answer in JSON. Next: check the address.")


def content(
    url: str,
    params: Mapping[str, Any] | None = None,
    timeout: float = TIMEOUT,
    *,
    token: str | None = None,
    ca_file: str | None = None,
) -> bytes | Missing:
    """The bytes at an address, or Missing; as `fetched`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        response = requests.get(
            url, params=params, timeout=timeout, headers=headers, verify=ca_file or True, allow_redirects=token is None
        )
        response.raise_for_status()
        return response.content
    except requests.Timeout:
        return Missing("Timeout", f"{url} did not answer within {timeout:g} s. Next: try again, or another address.")
    except requests.HTTPError as error:
        return _refusal(url, error.response)
    except requests.exceptions.SSLError:
        return Missing("TlsFailed", f"{url} is not trusted. Next: name the file of its authority, or another address.")
    except (requests.RequestException, ValueError, OSError) as error:
        return Missing("Unreachable", f"{url} cannot be reached ({type(error).__name__}). Next: check the address.")


def _refusal(url: str, response: requests.Response) -> Missing:
    code, said = response.status_code, reason_given(response.content)
    if said is not None and code == 404:
        return Missing("NotFound", f"{said.rstrip('.')}.")
    more = f" ({said})" if said else ""
    return Missing("Refused", f"{url} answered {code}{more}. Next: check the address, and your rights there.")


def reason_given(body: bytes) -> str | None:
    """What one of our servers says of a request that it refuses; None for another's page."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    said = document.get("error") if isinstance(document, dict) else None
    return said if isinstance(said, str) and said else None
