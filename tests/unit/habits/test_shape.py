"""Files and functions stay small enough to read, and are named after an idea."""

import ast
from pathlib import PurePath

from unit.habits.tree import modules, texts

LONGEST_FILE = 399
LONGEST_FUNCTION = 59
NAMELESS = {"helpers.py", "utils.py", "util.py", "manager.py", "common.py", "misc.py"}


def test_no_python_file_is_longer_than_a_reader_holds():
    long = {path: text.count("\n") for path, text in texts() if path.endswith(".py") and text.count("\n") > LONGEST_FILE}
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{path}:{f.name}": lines
        for path, tree in modules()
        for f in _functions(tree)
        if (lines := _length(f)) > LONGEST_FUNCTION
    }
    assert not long


def test_files_are_named_after_an_idea():
    assert not [path for path, _ in texts() if PurePath(path).name in NAMELESS]


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
