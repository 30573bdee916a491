"""YAML as people write it by hand: legal, and in every style at once.

A text is drawn piece by piece, so that it is known where each value stands, without any parser's word for it.
"""

from dataclasses import dataclass

from hypothesis import assume
from hypothesis import strategies as st

HEAD = ("apiVersion: v1", "kind: Thing", "metadata: {name: it}")

plain = st.sampled_from(
    [
        *("v2", "2", "1.5", "no", "on", "true", "null", "~", "012", "0x1F", "1e3", "1:30", "2026-01-01", "é😀许可证"),
        "a b",
        "a-b.c/d",
        "x#y",
    ]
)
words = st.text(st.sampled_from("ab1 é😀:#-[]{},&*!|>%@`'\"\\~=<?"), max_size=9)
comments = st.sampled_from(["", "", "  # why: é", " # {[&*'\"", "   "])
lines_between = st.sampled_from(["", "", "", "\n", "   \n", "# --- in between: [\n", "      # deep\n"])


@dataclass(frozen=True)
class Value:
    """One value of the text: where its path leads to, and how it is written."""

    path: tuple[str | int, ...]
    lexeme: str


@dataclass(frozen=True)
class Document:
    """before + value + after is the whole file."""

    before: str
    value: Value
    after: str

    @property
    def whole(self):
        return self.before + self.value.lexeme + self.after


@st.composite
def lexemes(draw, in_flow):
    kind = draw(st.sampled_from(["plain", "single", "double"]))
    if kind == "single":
        return "'" + draw(words).replace("'", "''") + "'"
    if kind == "double":
        return '"' + draw(words).replace("\\", "\\\\").replace('"', '\\"') + draw(st.sampled_from(["", "\\t", "\\u00e9"])) + '"'
    return draw(plain)


@st.composite
def keys(draw):
    names = draw(st.lists(st.sampled_from(["a", "b", "no", "12", "version", "x y", "é"]), min_size=1, max_size=4, unique=True))
    return [(name, draw(st.sampled_from([name, f"'{name}'", f'"{name}"']))) for name in names]


@st.composite
def flow(draw, path, depth):
    """Pieces of a flow collection or a scalar; every one of its breaks is indented far enough for where it may stand."""
    shape = draw(st.sampled_from(["scalar", "scalar", "mapping", "list"])) if depth else "scalar"
    if shape == "scalar":
        return [Value(path, draw(lexemes(in_flow=True)))]
    gap = st.sampled_from(["", " ", "   ", "\n" + " " * 40, " # c\n" + " " * 40])
    pieces = ["{" if shape == "mapping" else "["]
    named = draw(keys()) if shape == "mapping" else [(index, "") for index in range(draw(st.integers(0, 3)))]
    for number, (name, written) in enumerate(named):
        if number:
            pieces.append(",")
        pieces += [draw(gap), *([f"{written}: "] if written else [" "]), *draw(flow((*path, name), depth - 1)), draw(gap)]
    return [*pieces, "}" if shape == "mapping" else "]"]


@st.composite
def block(draw, path, depth, indent):
    """Pieces of whole lines that stand deeper than `indent`, each ending with a break."""
    indent += draw(st.integers(1, 4))
    is_mapping = draw(st.booleans())
    named = draw(keys()) if is_mapping else [(index, "") for index in range(draw(st.integers(1, 3)))]
    pieces = []
    for name, written in named:
        pieces += [draw(lines_between), " " * indent, f"{written}:" if is_mapping else "-"]
        if depth and draw(st.booleans()):
            pieces += [draw(comments), "\n", *draw(block((*path, name), depth - 1, indent))]
        else:
            pad = draw(st.sampled_from([" ", "    ", f"\n{' ' * (indent + 3)}"]))
            pieces += [pad, *draw(flow((*path, name), 2)), draw(comments), "\n"]
    return pieces


OTHERS = (
    "a:   [1,\n  2 ]\nb: ~\n",
    "- |+\n  kept\n\n\n- >-\n    folded\n    text\n",
    "x: &x {y: '2'}\nz: *x\nw: {<<: *x, v: 1}\n",
    "kind: Thing\nmetadata: {name: another}\nspec: {a: '2'}\n",
    "# nothing but a comment\n",
    "'a plain text\n\n  of several lines'\n",
)
others = st.sampled_from(OTHERS)


@st.composite
def documents(draw):
    """A file that declares the object `Thing it` among others, and one of the values of its spec."""
    pieces = [draw(st.sampled_from(["", "\ufeff", "# Lizenz: ©\n", "%YAML 1.1\n", "%YAML 1.2\n# c\n"]))]
    pieces += ["---\n", *(f"{draw(others)}---\n" for _ in range(draw(st.integers(0, 2))))]
    pieces += ["\n".join(HEAD), "\n", "spec:", draw(comments), "\n", *draw(block(("spec",), draw(st.integers(0, 3)), 0))]
    pieces += [f"---\n{draw(others)}" for _ in range(draw(st.integers(0, 2)))]
    values = [number for number, piece in enumerate(pieces) if isinstance(piece, Value)]
    assume(values)
    chosen = draw(st.sampled_from(values))
    newline, last = draw(st.sampled_from(["\n", "\n", "\r\n"])), draw(st.booleans())
    before, after = (
        "".join(p.lexeme if isinstance(p, Value) else p for p in part) for part in (pieces[:chosen], pieces[chosen + 1 :])
    )
    after = after if last else after.rstrip("\n ")
    return Document(before.replace("\n", newline), pieces[chosen], after.replace("\n", newline))


anything = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=20)
new_values = plain | words.filter(bool) | anything
