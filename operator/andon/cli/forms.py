"""How is a result printed for programs? In the same ways by every command: `-o json|yaml|name`."""

import codecs
import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from io import StringIO
from typing import Annotated, Any

import typer

from andon.api import GROUP


class Form(StrEnum):
    """Of a result that is objects, or about them. name: each of them on a line, for other commands to take."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class Nameless(StrEnum):
    """Of a result without objects."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


Output = Annotated[Form, typer.Option("-o", "--output", help="How to print it; name: the objects that it is about.")]
NamelessOutput = Annotated[Nameless, typer.Option("-o", "--output", help="How to print it.")]


def put(document: Any, form: str, *, many: bool = False) -> None:
    """As `json` or `yaml`, which say the same. many: others follow, each on a line of its own or behind `---`."""
    has_all_letters = codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")
    text = json.dumps(document, indent=None if many else 2, ensure_ascii=not has_all_letters) + "\n"
    if form == Form.YAML:
        text = ("---\n" if many else "") + _yaml(json.loads(text))
    typer.echo(text, nl=False)


def put_names(objects: Iterable[tuple[str, str]]) -> None:
    """objects: kind and name of each, which kubectl takes as `kind.group/name`."""
    for kind, name in objects:
        typer.echo(f"{kind.lower()}.{GROUP}/{name}")


def _yaml(document: Any) -> str:
    """What is text to YAML 1.2 alone, such as `no`, stands in quotes, too: kubectl reads YAML 1.1."""
    from ruamel.yaml import YAML, ScalarNode
    from ruamel.yaml.representer import SafeRepresenter
    from ruamel.yaml.resolver import VersionedResolver

    old = VersionedResolver(version=(1, 1))

    class Clear(SafeRepresenter):
        def represent_str(self, data: str) -> Any:
            is_text = str(old.resolve(ScalarNode, data, (True, False))).endswith(":str")
            return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if is_text else "'")

    Clear.add_representer(str, Clear.represent_str)
    writer, out = YAML(typ="safe", pure=True), StringIO()
    writer.Representer, writer.default_flow_style, writer.width = Clear, False, sys.maxsize
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # as JSON has it; declared to be None
    writer.dump(document, out)
    return out.getvalue()
