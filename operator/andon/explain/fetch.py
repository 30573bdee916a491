"""What is at an address, or why is there nothing?"""

from collections.abc import Mapping
from typing import Any, Final

import requests

from andon.api.missing import Missing

TIMEOUT: Final = 10.0
"""Seconds: a page that lacks a plot is better than one that does not come."""


def fetched(url: str, params: Mapping[str, Any] | None = None, timeout: float = TIMEOUT) -> Any:
    """The JSON at an address, or Missing."""
    try:
        response = requests.get(url, params=params, timeout=timeout)
        response.raise_for_status()
        return response.json()
    except requests.Timeout:
        return Missing("Timeout", f"{url} did not answer within {timeout:g} s. Next: try again, or another address.")
    except requests.HTTPError as error:
        return Missing("Refused", f"{url} answered {error.response.status_code}. Next: check the address, and your rights there.")
    except requests.JSONDecodeError:
        return Missing("Malformed", f"{url} did not answer in JSON. Next: check the address.")
    except (requests.RequestException, ValueError) as error:
        return Missing("Unreachable", f"{url} cannot be reached ({type(error).__name__}). Next: check the address.")
