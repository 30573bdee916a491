"""Documents that a schema allows, and the same with one thing done to them that people and programs do."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st
from pydantic.alias_generators import to_snake

from andon.api.types import BYTES_PATTERN, DECIMALS_PATTERN

Place = tuple[dict[str, Any] | list[Any], Any]

LABEL_KEYS = st.from_regex(r"([a-z]{1,4}\.[a-z]/)?[A-Za-z0-9]{1,5}", fullmatch=True) | st.sampled_from(
    ["a b", "/x", "a..b/c", "x\n"]
)
LIKELY = {
    DECIMALS_PATTERN: st.sampled_from(["0.10", "1", "9", "0", "-1", "9.000000001"]),
    BYTES_PATTERN: st.sampled_from(["1Mi", "1Ti", "1Ki", "2Ti"]),
}
CHARACTERS = st.characters(codec="utf-8")
JUNK = [None, True, 0, -1, 1.0, 0.5, 2**60, "", "x", "1", "300", "5m", "é" * 600, [], {}, ["x"], [None], {"x": "y"}, [{}]]


def allowed(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What the schema's types, patterns, keys and unions allow; its other rules may be broken."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return BY_TYPE[schema["type"]](schema)


def _object(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "additionalProperties" in schema:
        return st.dictionaries(LABEL_KEYS, allowed(schema["additionalProperties"]), max_size=3)
    fields = {name: allowed(below) for name, below in schema.get("properties", {}).items()}
    required = {name: fields.pop(name) for name in (*schema.get("required", ()), *_one_of(schema))}
    return st.fixed_dictionaries(required, optional=fields)


def _one_of(schema: Mapping[str, Any]) -> list[str]:
    """The first driver, registry or step of a union, so that most documents have one."""
    texts = [rule["message"].partition("set exactly one of: ")[2] for rule in schema.get("x-kubernetes-validations", ())]
    return [text.split(", ")[0] for text in texts if text]


def _array(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    keys = schema.get("x-kubernetes-list-map-keys")
    unique = (lambda entry: entry[keys[0]]) if keys else None
    sizes = {"min_size": schema.get("minItems", 0), "max_size": min(schema["maxItems"], 3)}
    return st.lists(allowed(schema["items"]), unique_by=unique, **sizes)


def _string(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "pattern" not in schema:
        return st.text(CHARACTERS, min_size=schema.get("minLength", 0), max_size=16)
    matching = st.from_regex(schema["pattern"], fullmatch=True, alphabet=CHARACTERS)
    return LIKELY.get(schema["pattern"], st.nothing()) | matching.filter(lambda text: len(text) <= schema["maxLength"])


BY_TYPE: dict[str, Callable[[Mapping[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "boolean": lambda _: st.booleans(),
    "integer": lambda schema: st.integers(schema["minimum"], schema["maximum"]),
}


@st.composite
def mistaken(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Any:
    """One of the documents with one change, which may or may not make it wrong."""
    document = copy.deepcopy(draw(documents))
    if everywhere := list(places(document)):
        container, key = draw(st.sampled_from(everywhere))
        draw(st.sampled_from(CHANGES))(draw, container, key)
    return document


def places(node: Any) -> Iterator[Place]:
    """Every field and entry, as its container and its key."""
    for key, below in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(below, dict | list):
            yield from places(below)


def _replace(draw: st.DrawFn, container: Any, key: Any) -> None:
    container[key] = draw(st.sampled_from(JUNK))


def _remove(_: st.DrawFn, container: Any, key: Any) -> None:
    del container[key]


def _invent(_: st.DrawFn, container: Any, key: Any) -> None:
    if isinstance(container, dict):
        container["invented"] = container[key]


def _rename(_: st.DrawFn, container: Any, key: Any) -> None:
    if isinstance(container, dict):
        container[to_snake(key)] = container.pop(key)


def _end_line(_: st.DrawFn, container: Any, key: Any) -> None:
    if isinstance(container[key], str):
        container[key] += "\n"


def _as_float(_: st.DrawFn, container: Any, key: Any) -> None:
    if type(container[key]) is int:
        container[key] = float(container[key])


def _repeat(_: st.DrawFn, container: Any, key: Any) -> None:
    if isinstance(container, list):
        container.append(copy.deepcopy(container[key]))


CHANGES = [_replace, _replace, _replace, _remove, _invent, _rename, _end_line, _as_float, _repeat]
