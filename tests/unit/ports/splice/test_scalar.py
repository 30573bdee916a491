"""What was a string stays one for every reader of YAML, and what was a number stays one."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from andon.ports.splice.scalar import UnclearTypeError, rewritten


def read(text: str) -> list[Any]:
    """By YAML 1.1 twice, and by YAML 1.2."""
    found = [yaml.safe_load(text)]
    for version in ((1, 1), (1, 2)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        found.append(reader.load(text))
    return found


TRAPS = [
    *("no", "NO", "yes", "on", "off", "On", "y", "n", "Y", "true", "False", "null", "Null", "~", "", "=", "<<"),
    *(
        "012",
        "0o12",
        "0x1F",
        "0b101",
        "1_000",
        "1__0",
        "0_x1",
        "1:30",
        "190:20:30",
        "1e3",
        "1.5e+3",
        "12e45",
        ".5",
        "5.",
        "+1",
        "-1",
    ),
    *(".inf", "-.Inf", ".nan", "2026-01-01", "2026-01-01T00:00:00Z", "1", "1.0", "0", "-0"),
    *(" a", "a ", "a #b", "#a", "a: b", "a:", ": a", "- a", "-", "--", "---", "...", "? a", "?", "{a}", "[a]", "a, b", "a]", "}"),
    *(
        "*a",
        "&a",
        "!a",
        "!!int 1",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'",
        '"',
        "it's",
        'say "a"',
        "\\",
        "\\n",
        "a\\",
        "''",
        "é",
        "😀",
        "{{ a }}",
    ),
]


@pytest.mark.parametrize("value", TRAPS)
@pytest.mark.parametrize("lexeme", ["v2", "'2'", '"2"', "1.2.3"])
def test_a_string_stays_a_string_for_every_reader(lexeme, value):
    style = lexeme[0] if lexeme[0] in "'\"" else None
    assert read(f"a: {rewritten(lexeme, style, value)}  # c\n") == [{"a": value}] * 3
    assert read(f"{{a: [{rewritten(lexeme, style, value)}], b: 1}}\n") == [{"a": [value], "b": 1}] * 3


@pytest.mark.parametrize("value", ["v3", "1.2.4", "a/b", "sha256-abc", "abc_d", "2026.1", "x", "deadbeef"])
def test_a_plain_string_stays_plain_where_no_reader_minds(value):
    expected = value if value != "2026.1" else '"2026.1"'
    assert rewritten("v2", None, value) == expected


@pytest.mark.parametrize("value", ["0X1F", "0B1", "0O7", "+0B1", "-0X1F", "+0O_7", "0X_1"])
def test_what_only_go_takes_for_a_number_is_quoted(value):
    assert rewritten("v2", None, value) == f'"{value}"'


@pytest.mark.parametrize("value", ["0x", "0X", "0B2", "0O8", "X0X1"])
def test_what_only_begins_like_a_number_stays_plain(value):
    assert rewritten("v2", None, value) == value


@pytest.mark.parametrize("value", ["3", "0", "-1", "1.5", "12345678901234567890", ".5", "0x1F", "1.5e+3"])
def test_a_number_stays_a_number_for_every_reader(value):
    assert rewritten("2", None, value) == value
    assert len({repr(found["a"]) for found in read(f"a: {value}\n")}) == 1


@pytest.mark.parametrize("value", ["1e3", "012", "0o12", "0b101", "1_000", "0_x1", "09"])
def test_what_is_a_number_to_some_readers_only_takes_no_numbers_place(value):
    with pytest.raises(UnclearTypeError, match=f"{value} is not the same number"):
        rewritten("2", None, value)


@pytest.mark.parametrize(
    ("lexeme", "value", "becomes"),
    [
        pytest.param("true", "false", "false", id="a boolean stays one"),
        pytest.param("2026-01-01", "2026-02-03", "2026-02-03", id="a day stays one"),
        pytest.param("~", "3", '"3"', id="what was nothing becomes a string"),
        pytest.param("no", "on", "on", id="what readers disagreed on before, they do again"),
        pytest.param("1e3", "2e3", "2e3", id="so with numbers"),
        pytest.param("1e3", "3", '"3"', id="but it is no number to all"),
    ],
)
def test_other_types_stay_what_they_are_where_that_can_be(lexeme, value, becomes):
    assert rewritten(lexeme, None, value) == becomes


@pytest.mark.parametrize(("lexeme", "value"), [("true", "maybe"), ("2", "v3"), ("2", "true"), ("2.5", " 7"), ("2", "")])
def test_neither_a_number_nor_a_boolean_becomes_text(lexeme, value):
    with pytest.raises(UnclearTypeError, match="would be text; write a"):
        rewritten(lexeme, None, value)


def test_a_boolean_to_some_readers_only_takes_no_booleans_place():
    with pytest.raises(UnclearTypeError, match="yes is not the same flag"):
        rewritten("true", None, "yes")


printable = st.text(st.characters(codec="utf-8"), max_size=20).filter(str.isprintable)


@given(printable | st.from_regex(r"[-+.0-9a-fxob_:eE]{1,8}", fullmatch=True))
def test_whatever_is_written_every_reader_sees_the_same_string(value):
    for lexeme in ("v2", "'2'", '"2"'):
        style = lexeme[0] if lexeme[0] in "'\"" else None
        assert read(f"a: {rewritten(lexeme, style, value)}\n") == [{"a": value}] * 3


@given(st.from_regex(r"[-+]?[.0-9]{1,4}[0-9a-fxob_eE]{0,4}", fullmatch=True))
def test_whatever_takes_a_numbers_place_is_the_same_to_every_reader(value):
    try:
        written = rewritten("2", None, value)
    except UnclearTypeError:
        return
    assert len({(type(found["a"]), repr(found["a"])) for found in read(f"a: {written}\n")}) == 1
