"""Working calls of everything public, taken from the examples in the docstrings."""

import contextlib
import copy
import doctest
import functools
import gc
import importlib
import inspect
import io
import os
import pkgutil
import re
import sys
import time
import types
import typing
from collections.abc import Collection, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass

import numpy as np

from loyaltymodel._core.results import Result
from loyaltymodel._core.signature import READ_BY_A_DOOR

import rooms
from .examples import MORE

ROOMS = (*rooms.ROOMS, "results", "plots")
# What a family of curves defines is called by curves, with arrays that were checked.
PROTOCOLS = ("jones_sasser.CurveFamily", "jones_sasser.Hazard")
CALLS_EACH = 2
AXES = "<axes>"
# Fewer than in the examples, where a call works with them, so that many calls can be made.
FEW = {"n_resamples": 40, "n": 300, "n_obs": 300}


@dataclass
class Call:
    """A call that works: a public callable, and arguments in the order of its signature."""

    name: str  # room.function, room.Class or room.Class.method
    function: typing.Any
    arguments: dict[str, typing.Any]
    owner: typing.Any = None  # the object whose method it is
    number: int = 1
    inside: bool = False  # no example makes it, but the library does

    @property
    def key(self) -> str:
        """The name, with a number for the second call."""
        return self.name if self.number == 1 else f"{self.name}#{self.number}"

    @property
    def parameters(self) -> list[str]:
        """Every parameter that can be given, whether it was or not."""
        return list(inspect.signature(self.function).parameters)

    def default(self, name: str) -> typing.Any:
        """What a parameter is when it is not given."""
        return inspect.signature(self.function).parameters[name].default

    def hint(self, name: str) -> str:
        """The annotation of a parameter as text, with short names spelled out."""
        return self._hints.get(name, "")

    @functools.cached_property
    def _hints(self) -> dict[str, str]:
        return hints_of(self.function, inspect.signature(self.function).parameters)

    def with_arguments(self, **changes: typing.Any) -> "Call":
        """The call with some arguments replaced, and the others copied."""
        arguments = {**{n: duplicate(v) for n, v in self.arguments.items() if n not in changes}}
        return Call(self.name, self.function, arguments | changes, self.owner, self.number)

    def run(self) -> typing.Any:
        """Call it, in the way in which each parameter has to be given."""
        given, keywords = [], {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if name not in self.arguments:
                continue
            value = self.arguments[name]
            if value is AXES:
                from matplotlib import pyplot  # noqa: PLC0415  most rooms draw nothing

                value = pyplot.figure().subplots()
            if parameter.kind is parameter.VAR_POSITIONAL:
                given += list(value)
            elif parameter.kind is parameter.VAR_KEYWORD:
                keywords |= value
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                given.append(value)
            else:
                keywords[name] = value
        return self.function(*given, **keywords)


def duplicate(value: typing.Any) -> typing.Any:
    """Copy what can be changed; results, specifications and functions are kept."""
    if type(value).__module__.startswith("loyaltymodel") and not isinstance(value, tuple):
        return value
    return value if value is AXES or callable(value) else copy.deepcopy(value)


def modules_of(room: str) -> list[types.ModuleType]:
    """Every module of a room, and those outside it that it hands something out of."""
    package = importlib.import_module(f"loyaltymodel.{room}")
    inside = pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}.")
    found = [package, *(importlib.import_module(info.name) for info in inside)]
    found += [importlib.import_module(thing.__module__) for thing in public_of(room).values()]
    return list(dict.fromkeys(found))


def public_of(room: str) -> dict[str, typing.Any]:
    """Everything public of a room by its name; of plots, of each of its modules."""
    package = importlib.import_module(f"loyaltymodel.{room}")
    if room != "plots":
        found = {name: getattr(package, name) for name in package.__all__}
        for place in rooms.of_results(room) if room in rooms.ROOMS else ():
            classes = importlib.import_module(f"loyaltymodel.{place}")
            found |= {f"results.{name}": getattr(classes, name) for name in classes.__all__}
        return found
    modules = [(n, importlib.import_module(f"loyaltymodel.plots.{n}")) for n in package.__all__]
    return {
        f"{m}.{name}": getattr(module, name) for m, module in modules for name in module.__all__
    }


def callables_of(room: str) -> Iterator[tuple[str, typing.Any, str | None]]:
    """Yield each public callable with parameters: its name, what holds it, and its attribute."""
    for name, thing in public_of(room).items():
        if f"{room}.{name}" in PROTOCOLS:
            continue
        if inspect.isfunction(thing):
            yield name, thing, None
        elif inspect.isclass(thing) and not issubclass(thing, BaseException):
            if not issubclass(thing, (Result, tuple)):
                yield name, thing, "__init__"
            for method, value in inspect.getmembers_static(thing):
                inner = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
                ours = str(getattr(inner, "__module__", "")).startswith("loyaltymodel")
                if not method.startswith("_") and inspect.isfunction(inner) and ours:
                    yield f"{name}.{method}", thing, method


def record(
    room: str, only: str | None = None, leave_out: Collection[str] = ()
) -> tuple[list[Call], list[str]]:
    """Run the examples of a room; return its working calls, and what no example calls.

    ``leave_out`` names functions whose examples are not run.

    The examples of a callable's own docstring come first, then those of its class, then any.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")
    found: dict[str, list[tuple[str, typing.Any, dict[str, typing.Any]]]] = {}
    here = [""]
    wanted = {
        name: (holder, attribute)
        for name, holder, attribute in callables_of(room)
        if (only is None or name == only or name.startswith(f"{only}.")) and name not in leave_out
    }
    undo = _patch(room, wanted, found, here)
    examples = [
        example
        for module in modules_of(room)
        for example in doctest.DocTestFinder(exclude_empty=True).find(module)
        if example.examples and example.name.rpartition(".")[2] not in leave_out
    ]
    examples.append(doctest.DocTestParser().get_doctest(MORE.get(room, ""), {}, "more", None, 0))
    runner = doctest.DocTestRunner(verbose=False)
    own = re.compile(rf"\.({'|'.join(re.escape(n.rpartition('.')[2]) for n in wanted)})$")
    first = [e for e in examples if own.search(e.name)]
    try:
        # Examples of the names themselves may be all that is needed.
        for example in first if only else examples:
            here[0] = example.name
            _quietly(runner, example)
        if only and not all(found.get(name) for name in wanted):
            for example in examples:
                if example not in first:
                    here[0] = example.name
                    _quietly(runner, example)
    finally:
        for restore in undo:
            restore()
    calls, without = [], []
    for name, (holder, attribute) in wanted.items():
        chosen = _chosen(name, found.get(name, []))
        inside = all(place.startswith("inside") for place, _, _ in found.get(name, []))
        if not chosen and attribute not in (None, "__init__"):
            chosen = _made_up(holder, attribute)
        made = [
            _call(f"{room}.{name}", holder, attribute, owner, arguments, k)
            for k, (owner, arguments) in enumerate(chosen, start=1)
        ]
        if not made and (attribute is None or _parameters(holder, attribute)):
            without.append(f"{room}.{name}")
        for call in made:
            call.inside = inside
        calls += [call for call in made if call.parameters]
    return calls, without


def _quietly(runner: doctest.DocTestRunner, example: doctest.DocTest) -> None:
    with redirect_stdout(io.StringIO()):
        runner.run(example, clear_globs=False)
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")


def _parameters(holder: typing.Any, attribute: str) -> bool:
    return bool(set(inspect.signature(getattr(holder, attribute)).parameters) - {"self"})


def _made_up(holder: type, method: str) -> list[tuple[typing.Any, dict[str, typing.Any]]]:
    """Make up a call of a method that no example calls, on an object that examples have made."""
    objects = [thing for thing in gc.get_objects() if type(thing) is holder]
    owner = min(objects, key=lambda thing: (len(repr(thing)), repr(thing)), default=None)
    if owner is None:
        return []
    if method == "model_copy":
        update = dict(list(dict(owner).items())[:1])
        return [(owner, {"update": update})]
    if method == "from_json":
        return [(owner, {"text": owner.to_json()})]
    try:
        getattr(owner, method)()
    except Exception:  # whatever it needs, this is no call that works
        return []
    return [(owner, {})]


def _patch(
    room: str,
    wanted: dict[str, tuple[typing.Any, str | None]],
    found: dict[str, list[tuple[str, typing.Any, dict[str, typing.Any]]]],
    here: list[str],
) -> list[typing.Callable[[], None]]:
    """Watch everything that is wanted wherever examples may find it; return how to undo it."""
    undo = []

    def put(holder: typing.Any, attribute: str, new: typing.Any) -> None:
        had = attribute in vars(holder)
        before = vars(holder).get(attribute)
        setattr(holder, attribute, new)
        undo.append(
            (lambda: setattr(holder, attribute, before))
            if had
            else (lambda: delattr(holder, attribute))
        )

    modules = modules_of(room)
    for name, (holder, attribute) in wanted.items():
        calls = found.setdefault(name, [])
        if attribute is None:
            new = _watched(holder, calls, here, bound=False)
            for module in modules:
                for own, value in list(vars(module).items()):
                    if value is holder:
                        put(module, own, new)
        else:
            static = inspect.getattr_static(holder, attribute)
            if isinstance(static, staticmethod):
                put(holder, attribute, staticmethod(_watched(static.__func__, calls, here, False)))
            elif isinstance(static, classmethod):
                new = _watched(static.__func__, calls, here, bound=True)
                put(holder, attribute, classmethod(new))
            else:
                put(holder, attribute, _watched(static, calls, here, bound=True, of=holder))
    return undo[::-1]


def _watched(
    function: typing.Any,
    calls: list[tuple[str, typing.Any, dict[str, typing.Any]]],
    here: list[str],
    bound: bool,
    of: type | None = None,
) -> typing.Any:
    """Keep the arguments with which examples call a function, if it then returns."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*given: typing.Any, **keywords: typing.Any) -> typing.Any:
        direct = sys._getframe(1).f_code.co_filename.startswith("<doctest")
        if len(calls) > (40 if direct else 0) or (of and not isinstance(given[0], of)):
            return function(*given, **keywords)
        arguments = None
        try:
            rest = signature.bind(*given, **keywords).arguments
            owner = rest.pop(next(iter(signature.parameters))) if bound else None
            arguments = {name: _kept(value) for name, value in rest.items()}
        except (TypeError, ValueError):
            pass  # an example of a refusal, or something that cannot be copied
        start = time.perf_counter()
        returned = function(*given, **keywords)
        if arguments is not None:
            seconds = time.perf_counter() - start
            place = here[0] if direct else f"inside {here[0]} "
            calls.append((f"{place}|{seconds:.3f}", owner, arguments))
        return returned

    return call


def _kept(value: typing.Any) -> typing.Any:
    if type(value).__module__.startswith("matplotlib"):
        return AXES
    if isinstance(value, Iterator):
        raise TypeError("an iterator can be used once")
    return duplicate(value)


def _chosen(
    name: str, found: list[tuple[str, typing.Any, dict[str, typing.Any]]]
) -> list[tuple[typing.Any, dict[str, typing.Any]]]:
    """Choose calls of the nearest docstring that differ most: what is given, and of which kind."""

    def rank(place: str) -> int:
        own = place.partition("|")[0]
        if own.startswith("inside"):
            return 3  # what the library itself calls, where no example does
        if own.endswith(f".{name}"):
            return 0
        return 1 if "." in name and own.endswith(f".{name.rpartition('.')[0]}") else 2

    if not found:
        return []
    nearest = min(rank(place) for place, _, _ in found)
    near = [f for f in found if rank(f[0]) == nearest]
    rest = [f for f in found if nearest < rank(f[0]) < 3]
    quick = [f for f in near if float(f[0].rpartition("|")[2]) < 2] or near
    chosen: list[tuple[typing.Any, dict[str, typing.Any]]] = []
    seen: set[tuple[str, str]] = set()
    for pool in (list(quick), list(rest)):
        while pool and len(chosen) < CALLS_EACH:
            news = [{(n, _sort_of(v)) for n, v in a.items()} - seen for _, _, a in pool]
            k = max(range(len(pool)), key=lambda k: len(news[k]))
            if chosen and not news[k]:
                break
            seen |= {(n, _sort_of(v)) for n, v in pool[k][2].items()}
            chosen.append(pool[k][1:])
            del pool[k]
    return chosen


def _sort_of(value: typing.Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array {value.ndim} {value.dtype.kind}"
    if isinstance(value, (list, tuple)) and len(value):
        return f"{type(value).__name__} of {type(value[0]).__name__}"
    return type(value).__name__


def _call(
    name: str,
    holder: typing.Any,
    attribute: str | None,
    owner: typing.Any,
    arguments: dict[str, typing.Any],
    number: int,
) -> Call:
    if attribute is None or attribute == "__init__":
        function, owner = holder, None
        if list(arguments) == ["data"] and "data" not in inspect.signature(holder).parameters:
            arguments = arguments["data"]  # the fields of a specification
    elif isinstance(inspect.getattr_static(holder, attribute), staticmethod):
        function = getattr(holder, attribute)
    else:
        function = getattr(owner, attribute)
    call = Call(name, function, arguments, owner, number)
    parameters = inspect.signature(function).parameters
    if "rng" in parameters and arguments.get("rng") is None:
        arguments["rng"] = 1
    for option, few in FEW.items():
        if option in parameters and _exceeds(arguments, parameters[option], few):
            with contextlib.suppress(Exception):  # where few are refused, the number stays
                call.with_arguments(**{option: few}).run()
                call.arguments[option] = few
    return call


def _exceeds(arguments: dict[str, typing.Any], parameter: inspect.Parameter, few: int) -> bool:
    number = arguments.get(parameter.name, parameter.default)
    return isinstance(number, int) and number > few


def hints_of(function: typing.Any, parameters: typing.Mapping[str, typing.Any]) -> dict[str, str]:
    """Annotations as text; words for choices, such as Missing, are spelled out."""
    if isinstance(function, type):
        with contextlib.suppress(Exception):
            return {n: _spelled(t) for n, t in typing.get_type_hints(function).items()}
    inner = inspect.unwrap(getattr(function, "__func__", function))
    known = vars(sys.modules[inner.__module__])
    found = {}
    for name, parameter in parameters.items():
        text = str(parameter.annotation)
        for word in set(re.findall(r"\b[A-Z]\w+\b", text)) & set(known):
            if typing.get_origin(known[word]) is not None or known[word] in (int, float, bool):
                text = re.sub(rf"\b{word}\b", _spelled(known[word]), text)
        found[name] = text
    return found


def _spelled(hint: typing.Any) -> str:
    if typing.get_origin(hint) is typing.Annotated:
        hint = object if READ_BY_A_DOOR in hint.__metadata__ else hint.__origin__
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
