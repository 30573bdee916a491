"""What is a process told in place of the things that only a real container has?

In environment values, arguments and mounted ConfigMaps: where a declared mountPath stands as a path or as its beginning, the
real folder takes its place, and `NAME.NAMESPACE.svc` becomes the Service's address. What a process reads from the API
server itself stays as it is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

Service = tuple[str, str]
"""Namespace and name."""

_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_SERVICE: Final = re.compile(rf"(?<![\w.-])({_LABEL})\.({_LABEL})\.svc(?:\.cluster\.local)?(?![\w-]|\.\w)")
_REFERENCE: Final = re.compile(r"\$\$|\$\(([-._a-zA-Z0-9]+)\)")


def services_in(texts: Iterable[str]) -> set[Service]:
    """The Services that these texts name."""
    return {(match[2], match[1]) for text in texts for match in _SERVICE.finditer(text)}


def with_addresses(text: str, addresses: Mapping[Service, str]) -> str:
    """Service names as addresses; a name that has none stays as it is."""
    return _SERVICE.sub(lambda match: addresses.get((match[2], match[1]), match[0]), text)


def with_folders(text: str, folders: Mapping[str, str]) -> str:
    """Mount paths as folders, in one pass: a folder may itself lie below something that looks like a mount path."""
    if not folders:
        return text
    paths = "|".join(re.escape(path) for path in sorted(folders, key=len, reverse=True))
    return re.sub(rf"(?:(?<![\w./~-])|(?<=://))({paths})(?![\w.-])", lambda match: folders[match[1]], text)


def expanded(text: str, env: Mapping[str, str]) -> str:
    """`$(NAME)` as its value, as the kubelet does: `$$` is a dollar sign and what is not defined stays."""
    return _REFERENCE.sub(lambda match: "$" if match[0] == "$$" else env.get(match[1], match[0]), text)


@dataclass(frozen=True, slots=True)
class Handover:
    """The substitutions of one container."""

    folders: Mapping[str, str]
    addresses: Mapping[Service, str]

    def __call__(self, text: str) -> str:
        """The text as the process gets it."""
        return with_addresses(with_folders(text, self.folders), self.addresses)
