"""Every check of a right, found in the source and taken away: what the walk would not notice.

A mutant is a function whose code lacks one check; it is swapped in for as long as the requests
that run that function are tried again, and must make one of them find something else.
"""

import ast
import copy
import gc
import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from django.contrib.auth.mixins import LoginRequiredMixin
from django.urls import URLPattern, URLResolver, get_resolver

import aftersales.admin
import buyers.views
import merchants.forms
import merchants.views
from aftersales.prepared import Prepared
from aftersales.rules.limits import LIMITS
from aftersales.steps import STEPS

# Where rights are looked at: the pages, and the querysets and rules that they ask.
PACKAGES = (aftersales.admin, merchants.views, merchants.forms, buyers.views)
MODULES = """aftersales: views centre monitoring steps shipping uploads service.asking furnishing.changing
models.people models.order models.job models.importing models.service models.history models.draft
models.conversation models.case models.case.fields models.desk models.scripting
rules.visibility rules.conditions rules.limits
merchants: worklist orderlist"""
OWNERSHIP = {
    *(
        "shop",
        "shop_id",
        "user",
        "user_id",
        "buyer",
        "buyer_id",
        "member",
        "member__user",
        "active",
    ),
    *("order__shop", "shop__members__user", "shop__members__user_id", "shop__members__active"),
    *("members__user", "members__active", "party", "uploader", "user__is_active", "shop__in"),
    *("member__shop", "member__active", "line__order__shop"),
}
CHOOSES = {"filter", "exclude", "get_object_or_404", "get_or_create", "Q"}
DOORS = {"must_be_able", "may_enter", "may_touch", "_check", "_may", "check_side"}
ASKS = {"has_perm", "can", "sees_content", "sees_file", "_may_withdraw", "may_rule"}
VERBS = ("view", "add", "change", "delete", "rule", "stop", "reset")
ASKS |= {f"has_{verb}_permission" for verb in VERBS}
ANSWERS = {
    "sees_content",
    "sees_step",
    "sees_file",
    "may_rule",
    *(each.__name__ for each in LIMITS),
}
# A plan out of use is no right; a member who left is.
BESIDE = {"active", "member__active", "user__is_active", "party"}
# What a page shows is no door: what it leads to asks again.
SHOWING = {"get_context_data", "show", "get_list_display", "get_changelist_instance"}
REFUSALS = {"PermissionDenied", "Http404"}

Key = tuple[str, int, str]  # file, first line and name of a function


class Mutant(NamedTuple):
    name: str
    function: Key
    tree: ast.Module


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{found.name}")
    app = ""
    for name in MODULES.split():
        if name.endswith(":"):
            app = name[:-1]
        else:
            yield importlib.import_module(f"{app}.{name}")


class Finder(ast.NodeTransformer):
    """Takes away the check of one number; counts them all."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted, self.count = wanted, 0
        self.inside: list[Any] = []
        self.within: list[str] = []
        self.path = ""
        self.found: tuple[str, Any] | None = None

    def _this(self, what: str) -> bool:
        self.count += 1
        if self.count - 1 == self.wanted:
            self.found = what, self.inside[0] if self.inside else None
            self.path = ".".join([*self.within, *(each.name for each in self.inside[:1])])
        return self.count - 1 == self.wanted

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.inside.append(node)
        answered = node.name in ANSWERS or node.name.endswith("_permission")
        one = [each for each in node.body if isinstance(each, ast.Return)]
        if answered and one and isinstance(one[-1].value, ast.AST) and self._this("always"):
            one[-1].value = _true(one[-1].value)
        self.generic_visit(node)
        self.inside.pop()
        return node

    def visit_Raise(self, node: ast.Raise) -> Any:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(raised, ast.Name) and self.inside:
            told = raised.id == "Refused" and "NOT_YOURS" in ast.dump(node)
            if (raised.id in REFUSALS or told) and self._this(f"raise {raised.id}"):
                return ast.copy_location(ast.Pass(), node)
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value
        if (
            isinstance(call, ast.Call)
            and _called(call) in DOORS
            and self._this(f"{_called(call)}()")
        ):
            return ast.copy_location(ast.Pass(), node)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if not self.inside:
            return node
        shown = self.inside[0].name in SHOWING
        if _called(node) in ASKS and not shown and self._this(f"{_called(node)}() is true"):
            return _true(node)
        if _called(node) in CHOOSES:
            words = [each for each in node.keywords if each.arg in OWNERSHIP]
            if _called(node) == "Q" and len(node.keywords) < 2:
                words = []  # without its one word it chooses nothing instead of all
            for word in words if {each.arg for each in words} - BESIDE else []:
                if self._this(f"{_called(node)}({word.arg}=…)"):
                    node.keywords.remove(word)
        if _called(node) == "get_object_or_404" and isinstance(node.args[0], ast.Attribute):
            owner = node.args[0]  # self.case.tags: what the row hangs on
            if isinstance(owner.value, ast.Attribute) and self._this(f"only of {owner.attr}"):
                every = f"({ast.unparse(owner)}).model.objects.all()"
                node.args[0] = ast.copy_location(ast.parse(every, mode="eval").body, owner)
                ast.fix_missing_locations(node)
        return node


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _true(asked: ast.expr) -> ast.expr:
    """True in the place of a question; a method that asked ``super()`` keeps what it closes over."""
    names = {each.id for each in ast.walk(asked) if isinstance(each, ast.Name)}
    told = "__class__ is not None" if "super" in names else "True"
    new = ast.copy_location(ast.parse(told, mode="eval").body, asked)
    return ast.fix_missing_locations(new)


def found() -> Iterator[Mutant]:
    """All of them, in the order of the source, by names that other lines do not change."""
    known: Counter[str] = Counter()
    for module in modules():
        tree = ast.parse(inspect.getsource(module))
        counter = Finder()
        counter.visit(copy.deepcopy(tree))
        for number in range(counter.count):
            finder, mutated = Finder(number), copy.deepcopy(tree)
            mutated = finder.visit(mutated)
            if finder.found is None or finder.found[1] is None:
                continue
            what, inside = finder.found
            key = str(module.__file__), _first_line(inside), inside.name
            name = f"{module.__name__}.{finder.path}: {what}"
            known[name] += 1
            name += f" #{known[name]}" if known[name] > 1 else ""
            yield Mutant(name, key, mutated)


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def functions() -> dict[Key, list[FunctionType]]:
    """Every function that is alive, by where it is written; decorators hide none."""
    alive: dict[Key, list[FunctionType]] = {}
    for each in gc.get_objects():
        if type(each) is FunctionType:  # asked otherwise, what is lazy would wake
            code = each.__code__
            key = code.co_filename, code.co_firstlineno, code.co_name
            alive.setdefault(key, []).append(each)
    return alive


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


@contextmanager
def swapped(
    tree: ast.Module, keys: set[Key], alive: dict[Key, list[FunctionType]]
) -> Iterator[None]:
    """The functions run the tree's code for a while."""
    file = next(iter(keys))[0]
    new = {
        (file, each.co_firstlineno, each.co_name): each
        for each in _codes(compile(tree, file, "exec"))
    }
    before = [(function, function.__code__) for key in keys for function in alive.get(key, [])]
    try:
        for function, code in before:
            key = code.co_filename, code.co_firstlineno, code.co_name
            function.__code__ = new[key]
        with _nothing_prepared():
            yield
    finally:
        for function, code in before:
            function.__code__ = code


class Watch:
    """Which of the functions ran since it was last asked."""

    def __init__(self, keys: set[Key], alive: dict[Key, list[FunctionType]]) -> None:
        self.ran: set[Key] = set()
        self.keys, self.alive = keys, alive
        self.compiled: dict[str, dict[Key, CodeType]] = {}

    @contextmanager
    def on(self) -> Iterator[None]:
        before = []
        for key in self.keys:
            for function in self.alive.get(key, []):
                code = function.__code__
                before.append((function, code))
                function.__code__ = self._noting(function, key)
        try:
            with _nothing_prepared():
                yield
        finally:
            for function, code in before:
                function.__code__ = code

    def _noting(self, function: FunctionType, key: Key) -> CodeType:
        """The function's code, with a note of itself as its first act."""
        name = f"_ran_{key[1]}_{key[2]}"
        function.__globals__[name] = lambda: self.ran.add(key)
        found = self.compiled.get(key[0]) or self._compiled(key[0])
        new: CodeType = found.get(key, function.__code__)
        return new if new.co_freevars == function.__code__.co_freevars else function.__code__

    def _compiled(self, file: str) -> dict[Key, CodeType]:
        wanted = {key[1:] for key in self.keys if key[0] == file}
        tree = ast.parse(Path(file).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (_first_line(node), node.name) in wanted:
                call = ast.parse(f"_ran_{_first_line(node)}_{node.name}()").body[0]
                node.body.insert(0, ast.copy_location(call, node.body[0]))
                ast.fix_missing_locations(node)
        self.compiled[file] = {
            (file, each.co_firstlineno, each.co_name): each
            for each in _codes(compile(tree, file, "exec"))
        }
        return self.compiled[file]


# Checks that stand in no function ---------------------------------------------------------------


class Other(NamedTuple):
    """A check that a class, a step or a decorator holds: how to take it away, and from which URLs."""

    name: str
    away: Any  # a context manager
    urls: frozenset[str]


def others() -> Iterator[Other]:
    patterns = dict(_patterns(get_resolver().url_patterns, ""))
    views = {name: getattr(each.callback, "view_class", None) for name, each in patterns.items()}
    classes = {base for view in views.values() if view for base in view.__mro__}
    for each in sorted(classes, key=lambda found: found.__qualname__):
        urls = frozenset(name for name, view in views.items() if view and issubclass(view, each))
        if each.__dict__.get("permission"):
            yield Other(f"{each.__qualname__}.permission", _set(each, "permission", None), urls)
        if LoginRequiredMixin in each.__bases__:
            yield Other(f"{each.__qualname__} asks who it is", _anonymous(each), urls)
    for step in STEPS.values():
        urls = frozenset(f"merchants:{step.name}" for _n in [0]) & set(patterns)
        if step.permission and urls:
            yield Other(f"{step.name} takes {step.permission}", _step(step, permission=None), urls)
        rest = [each for each in step.for_whom if each not in LIMITS]
        if urls and len(rest) < len(step.for_whom):
            yield Other(f"{step.name} has a limit", _step(step, for_whom=rest), urls)
    for name, pattern in patterns.items():
        view = pattern.callback
        if not hasattr(view, "view_class") and hasattr(view, "__wrapped__") and _ours(view):
            bare = inspect.unwrap(view)
            yield Other(
                f"{name} without its decorators", _set(pattern, "callback", bare), frozenset({name})
            )
        elif name.startswith("admin:") and hasattr(view, "__wrapped__") and _ours(view):
            bare = view.__wrapped__
            yield Other(
                f"{name} outside the admin", _set(pattern, "callback", bare), frozenset({name})
            )


def _patterns(patterns: Any, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _patterns(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{prefix}{pattern.name}", pattern


def _ours(view: Any) -> bool:
    return inspect.unwrap(view).__module__.startswith(("aftersales", "merchants", "buyers"))


def _nothing_prepared() -> Any:
    """Each query is made anew, by the functions as they are now."""
    return _set(Prepared, "made", property(Prepared.anew))


@contextmanager
def _set(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _step(step: Any, **changed: Any) -> Iterator[None]:
    STEPS[step.name] = replace(step, **changed)
    try:
        yield
    finally:
        STEPS[step.name] = step


@contextmanager
def _anonymous(view: type) -> Iterator[None]:
    """Without the mixin's question on this class and what is made of it."""
    asked = LoginRequiredMixin.dispatch

    def dispatch(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self, view):
            return super(LoginRequiredMixin, self).dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return asked(self, request, *args, **kwargs)

    with _set(LoginRequiredMixin, "dispatch", dispatch):
        yield
