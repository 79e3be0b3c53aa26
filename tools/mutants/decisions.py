"""Which mutants a source has.

The source is parsed once; a mutant replaces one node of the tree, which keeps the line numbers of all others.
Its name says where it is and how it reads before and after, without a line number, so that a name in the list
of allowed mutants outlives edits elsewhere in the file. Where a function has the same change twice, the later
one's name ends with its count.

Left alone: annotations and decorators (they decide nothing while requests are served), and text, also where
it is joined by ``+``: less of it would be no program.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
"""Each operator with its neighbour at the bound, where it has one, and with its opposite."""

_DECIDES: Final = (ast.Compare, ast.BoolOp, ast.Constant)
"""Conditions that have mutants of their own."""

_LONG: Final = 100
"""Characters around a lone value that still help to find it."""

_UNTOUCHED: Final = frozenset({"annotation", "returns", "decorator_list", "type_comment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed decision: its name, the lines of its statement (from 1), and the module with the change."""

    name: str
    first: int
    last: int
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, the field of its parent that holds it, the function it is in, the lines of its statement."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    function: str
    lines: tuple[int, int]


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every mutant of the module at ``path`` (as the names shall call it), in the order of the source.

    The trees are one tree, changed and changed back: use each before asking for the next.
    """
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for place in list(_places(tree, "", (1, 1))):
        for changed in _changes(place):
            name = f"{path}::{place.function}: {_words(place, changed)}"
            seen[name] += 1
            count = f" ({seen[name]})" if seen[name] > 1 else ""
            _put(place, ast.fix_missing_locations(ast.copy_location(changed, place.node)))
            yield Mutant(name=name + count, first=place.lines[0], last=place.lines[1], tree=tree)
            _put(place, place.node)


def _places(parent: ast.AST, function: str, lines: tuple[int, int]) -> Iterator[_Place]:
    for field, value in ast.iter_fields(parent):
        if field in _UNTOUCHED:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(node, ast.AST) or _is_words(node):
                continue
            own = _head(node) if isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler) else lines
            yield _Place(node, parent, field, index, function, own)
            yield from _places(node, _within(node, function), own)


def _within(node: ast.AST, function: str) -> str:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return f"{function}.{node.name}".lstrip(".")
    return function


def _head(node: ast.stmt | ast.match_case | ast.ExceptHandler) -> tuple[int, int]:
    """The first and last line of the statement, without the body of one that has a body."""
    if not hasattr(node, "body"):
        assert isinstance(node, ast.stmt)
        return node.lineno, node.end_lineno or node.lineno
    at_head = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr | ast.pattern)]
    first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    return first, max([first, *(child.end_lineno or first for child in at_head)])


def _is_words(node: ast.AST) -> bool:
    """Whether the statement is a docstring, or the expression text with values in it, or text repeated."""
    match node:
        case ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mult(), right=ast.Constant()):
            return True
    return False


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and type(node.value) is str)


def _changes(place: _Place) -> Iterator[ast.AST]:
    """What may stand in the place of the node."""
    match place.node:
        case ast.Compare() as node:
            yield from _compared(node)
        case ast.BoolOp(op=ast.And(), values=values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(values=values):
            yield ast.BoolOp(ast.And(), values)
        case ast.BinOp(left=left, op=ast.Add(), right=right) if not (_is_text(left) or _is_text(right)):
            yield ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield ast.BinOp(left, ast.Add(), right)
        case ast.Constant(value=value):
            yield from _counted(value)
        case ast.Raise():
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
    yield from _turned(place)


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for at, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators)


def _counted(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)


def _turned(place: _Place) -> Iterator[ast.AST]:
    """``not x`` without its ``not``, and the opposite of a condition that is a bare name, call or value."""
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield copy.copy(node.operand)  # it is given a place of its own
        return
    is_test = place.field in {"test", "guard", "ifs"} or isinstance(place.parent, ast.BoolOp)
    if is_test and isinstance(node, ast.expr) and not isinstance(node, _DECIDES) and not _is_for_types(node):
        yield ast.UnaryOp(ast.Not(), node)


def _is_for_types(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"


def _put(place: _Place, node: ast.AST) -> None:
    if place.index is None:
        setattr(place.parent, place.field, node)
    else:
        getattr(place.parent, place.field)[place.index] = node


def _words(place: _Place, changed: ast.AST) -> str:
    """How the change reads: of a lone value, with the expression or the short statement around it."""
    shown = place.parent if isinstance(place.node, ast.Constant) else place.node
    before = ast.unparse(shown)
    if shown is place.node or hasattr(shown, "body") or len(before) > _LONG:
        return _line(place.node, changed)
    _put(place, changed)
    after = ast.unparse(shown)
    _put(place, place.node)
    return f"{before} -> {after}"


def _line(before: ast.AST, after: ast.AST) -> str:
    return " -> ".join(" ".join(ast.unparse(node).split()) for node in (before, after))
