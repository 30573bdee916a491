"""Runs a Lua script as Argo CD does: Lua 5.1, no libraries but the base, `table` and of `os` the time; `obj` is the object.

As util/lua/lua.go of argoproj/argo-cd has it: not even `string` is there, so that `("x"):upper()` fails as it would there.
"""

import time
from collections.abc import Mapping
from typing import Any

import lupa.lua51 as lupa

_TAKEN = ("io", "string", "math", "debug", "coroutine", "python", "collectgarbage", "newproxy", "print")

_SAFE = """
local now = ...
local setmetatable = debug.setmetatable
setmetatable("", nil)
local safe = { time = now, date = function() return "2026-01-02T03:04:05Z" end }
os = safe
package.loaded["os"] = safe
"""


class LuaError(Exception):
    """The script raised."""


def run(script: str, obj: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Any:
    """What the script returns, as plain data. Raises LuaError."""
    lua = lupa.LuaRuntime(register_eval=False)
    lua.execute(_SAFE, time.time)
    scope = lua.globals()
    for name in _TAKEN:
        scope[name] = None
        scope.package.loaded[name] = None
    scope.obj = _table(lua, obj)
    if parameters is not None:
        scope.actionParams = _table(lua, parameters)
    try:
        return _plain(lua.execute(script))
    except lupa.LuaError as error:
        raise LuaError(str(error)) from error


def _table(lua: lupa.LuaRuntime, value: Any) -> Any:
    if isinstance(value, Mapping):
        return lua.table_from({key: _table(lua, entry) for key, entry in value.items() if entry is not None})
    if isinstance(value, list):
        return lua.table_from([_table(lua, entry) for entry in value])
    return value


def _plain(value: Any) -> Any:
    """An empty table is a list, as for Argo CD, which puts it back to what it was in the object."""
    if lupa.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if keys == list(range(1, len(keys) + 1)):
        return [_plain(value[key]) for key in keys]
    return {key: _plain(value[key]) for key in keys}
