"""Every command prints its result for programs in the same ways, and in all of them it says the same."""

import json
import re
from contextlib import redirect_stdout
from io import StringIO

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from andon.api.exits import Exit
from andon.cli import main
from andon.cli.forms import Form, Nameless, put, put_names
from andon.cli.parts import PARTS

OBJECTS = {"text", "json", "yaml", "name"}
NO_OBJECTS = {"text", "json", "yaml"}
FORMS = {
    "get": {"table", "wide", "json", "yaml", "name"},
    "tree": OBJECTS,
    "history": OBJECTS,
    "explain": NO_OBJECTS,
    "why": NO_OBJECTS,
    **dict.fromkeys(("approve", "reject", "pin", "unpin", "promote", "abort", "suspend", "resume", "diff"), OBJECTS),
    "lint": NO_OBJECTS,
    "edit": NO_OBJECTS,
    "doctor": NO_OBJECTS,
}
OWN = [part for part in PARTS if part.target.startswith("andon.cli.")]
SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii", exclude_categories=["Cc"]))
ODD = st.sampled_from(
    ["no", "Yes", "off", "1e3", "12:30", "012", "0x1f", "1_0", "5e10", "null", "~", "", "=", "2026-11-22", "a\nb"]
)


def test_every_command_has_its_row():
    assert {part.name for part in OWN} == set(FORMS)


@pytest.mark.parametrize("part", OWN, ids=lambda part: part.name)
def test_a_command_offers_every_form_that_makes_sense_and_says_so(part, capsys):
    with pytest.raises(SystemExit) as ended:
        main([part.name, "-o", "xml"])
    wrong, _, offered = capsys.readouterr().err.partition("is not one of")
    assert (ended.value.code, "'xml'" in wrong) == (Exit.USAGE, True)
    assert set(re.findall(r"'(\w+)'", offered)) == FORMS[part.name]


@given(st.recursive(SCALARS | ODD, lambda inner: st.lists(inner) | st.dictionaries(ODD, inner), max_leaves=8))
def test_json_and_yaml_say_the_same_to_readers_of_yaml_1_1_and_1_2(document):
    assert json.loads(printed(document, Form.JSON)) == document
    text = printed(document, Nameless.YAML)
    assert yaml.safe_load(text) == document
    assert YAML(typ="safe", pure=True).load(text) == document


@pytest.mark.parametrize(("form", "said"), [(Form.JSON, '{"b": ["é"], "a": 1}\n'), (Form.YAML, "---\nb:\n- é\na: 1\n")])
def test_one_after_another_they_can_be_told_apart(form, said):
    assert printed({"b": ["é"], "a": 1}, form, many=True) == said


def test_names_are_those_that_kubectl_takes(capsys):
    put_names([("ModelDeployment", "product-e"), ("DataSource", "reactor")])
    assert capsys.readouterr().out == "modeldeployment.andon.dev/product-e\ndatasource.andon.dev/reactor\n"


def printed(document, form, **how):
    with redirect_stdout(StringIO()) as out:
        put(document, form, **how)
    return out.getvalue()
