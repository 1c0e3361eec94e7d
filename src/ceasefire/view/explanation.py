"""Pages that explain the model, one a subsystem, made from the code that runs.

The text of a page is the docstring of its file: indented lines are set as equations, formulas within a sentence as
code, and what is left out and the sources as sections. What a subsystem receives, and who takes what it makes, is read
from the source of `war.step`; the tables are its declarations.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from ceasefire.model import intervene, network, noise, repair, war
from ceasefire.model.declare import Bounds, Fixed, LogNormal, Normal, Prior, Share, Uniform, Variable, declared
from ceasefire.scenario import reporting, spec
from ceasefire.scenario.start import LEARNED
from ceasefire.study.measure import AMOUNTS
from ceasefire.view.chart import FIRST, INK, PAPER, QUIET, RULE, picture, standalone, tag, words
from ceasefire.view.text import number

PAGES = Path("docs") / "explanation"
IMAGE = Path("docs") / "images" / "subsystems.svg"
COMMAND = "make explanation"
LAWS = (repair, network, noise, intervene)
"""What several subsystems share; these pages have no declarations."""
BESIDE = (reporting,)
"""Declared like a subsystem, though no week calls it."""


def title(module: ModuleType) -> str:
    """Name of a subsystem, as declarations have it."""
    return module.__name__.rsplit(".", 1)[-1]


# ------------------------------------------------------------------------------------------------------------ docstring


class Document(NamedTuple):
    """A docstring in its parts."""

    title: str
    lead: str
    body: str
    left_out: str
    sources: str


def document(module: ModuleType) -> Document:
    """What the docstring of a file says."""
    head, _, rest = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    name, _, lead = " ".join(head.split()).partition(": ")
    found: dict[str, list[str]] = {"": [], "Left out:": [], "Sources:": []}
    at = ""
    for line in rest.splitlines():
        at = next((mark for mark in found if mark and line.startswith(mark)), at)
        found[at].append(line.removeprefix(at).strip() if at and line.startswith(at) else line)
    body, left_out, sources = ("\n".join(lines).strip("\n") for lines in found.values())
    return Document(name, lead, body, left_out, sources)


def equations(module: ModuleType) -> list[str]:
    """Every equation of a docstring, set apart or within a sentence."""
    apart, within = [], []
    for is_equation, text in _blocks(document(module).body):
        if is_equation:
            apart.append(text)
        else:
            within += [span for span in re.findall(r"`([^`]+)`", _formulas(text)) if _OPERATOR.search(span)]
    return apart + within


def prose(text: str, own: str = "") -> str:
    """A docstring as Markdown, on the page `own`."""
    return "\n\n".join(
        f"```text\n{part}\n```" if is_equation else _linked(_formulas(part), own) for is_equation, part in _blocks(text)
    )


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Equations, with their line breaks, and paragraphs, without."""
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        lines: list[str] = []
        for line in paragraph.splitlines():
            if lines and _indented(line) != _indented(lines[0]):
                yield _block(lines)
                lines = []
            lines.append(line)
        if lines:
            yield _block(lines)


def _indented(line: str) -> bool:
    return line.startswith("    ")


def _block(lines: Sequence[str]) -> tuple[bool, str]:
    if _indented(lines[0]):
        return True, textwrap.dedent("\n".join(lines)).rstrip(" ,;:.")
    return False, " ".join(line.strip() for line in lines)


_RELATION = re.compile(r" [=∝←] ")
_OPERATOR = re.compile(r" [·/+−] |\^|[·²³½]|\b(?:exp|ln|log|min|max|clip|tanh|logit)\(|[σ√]\(")
_STRONG = re.compile(r" · |\^|\b(?:exp|min|max|clip|tanh)\(")
_BEFORE = re.compile(
    r"(?i:a|and|as|at|because|but|by|gains?|gets|his|is|it|its|most|of|or|so|than|that|the|their|then|times|to|where"
    r"|while|with) "
)
"""Words that stand before a formula and are not of it."""
_AFTER = re.compile(r" (?:a|after|and|as|from|in|or|so|until|when|where|which|with|(?:for|of)(?= \w+ \w+ \w)) ")
"""Words that end a formula; what it is of, or for, may be part of a name if it is short."""
MOST_WORDS = 3
"""More words than this in a row are a sentence, not a name in a formula; an arbitrary choice."""


def _formulas(text: str) -> str:
    """A paragraph with the formulas in its sentences as code."""
    return "".join(_clause(clause) + mark for clause, mark in _clauses(text))


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of a paragraph between marks of punctuation outside brackets, each with the mark that ends it."""
    depth = start = 0
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        ends = letter in ",;:." and text[at + 1 : at + 2] in (" ", "")
        if ends and depth == 0 and text.count("`", start, at) % 2 == 0:
            yield text[start:at], letter
            start = at + 1
    yield text[start:], ""


def _clause(clause: str) -> str:
    """A clause with its formula, if it has one, as code."""
    found = None if "`" in clause else _equation(clause) or _expression(clause)
    if found is None:
        return _escaped(clause)
    begin, end = found
    return f"{_escaped(clause[:begin])}`{clause[begin:end]}`{_escaped(clause[end:])}"


def _equation(clause: str) -> tuple[int, int] | None:
    """Where a formula with two sides begins and ends in a clause."""
    sign = next((m for m in _RELATION.finditer(clause) if _depth(clause[: m.start()]) == 0), None)
    if sign is None:
        return None
    places = _words(clause[: sign.start()])
    while len(places) > 1 and _BEFORE.match(clause, places[0]):
        places.pop(0)
    begin = places[0] if len(places) <= MOST_WORDS + 1 else _run(clause, places)
    end = _end(clause, sign.end())
    return (begin, end) if _OPERATOR.search(clause, begin, end) else None


def _expression(clause: str) -> tuple[int, int] | None:
    """Where a formula without a left side, made of short names, begins and ends in a clause."""
    strong, first = _STRONG.search(clause), _OPERATOR.search(clause)
    if strong is None or first is None:
        return None
    calls = first[0][0].isalpha()
    begin = first.start() if calls else _run(clause, _words(clause[: first.start()]))
    end = _end(clause, strong.end())
    inside = clause[begin:end]
    while (without := re.sub(r"\([^()]*\)", "", inside)) != inside:
        inside = without
    runs = re.split(r"[·/+−^=]|, ", inside)
    named = all(len(run.split()) <= MOST_WORDS + 1 for run in runs)
    return (begin, end) if named and (calls or len(runs) > 1) else None


def _words(text: str) -> list[int]:
    """Where the words outside brackets begin, signs apart; at least one place."""
    places = [m.start() for m in re.finditer(r"[^\s·/+−]\S*", text) if _depth(text[: m.start()]) == 0]
    return places or [len(text) - len(text.lstrip())]


def _run(clause: str, places: Sequence[int]) -> int:
    """Where the name that ends a run of words begins."""
    last = max((k for k, place in enumerate(places) if _BEFORE.match(clause, place)), default=-1)
    named = places[last + 1 :] or places[-1:]
    return named[0] if len(named) <= MOST_WORDS else named[-1]


def _end(clause: str, after: int) -> int:
    """Where a formula ends: before words behind which there is no more of it."""
    for word in _AFTER.finditer(clause, after):
        if _depth(clause[: word.start()]) == 0 and not _OPERATOR.search(clause, word.end() - 1):
            return word.start()
    return len(clause)


def _depth(text: str) -> int:
    return text.count("(") + text.count("[") - text.count(")") - text.count("]")


def _escaped(text: str) -> str:
    """Prose in which Markdown sees no marks but those of code."""
    return "".join(
        part if k % 2 else re.sub(r"([*<])", r"\\\1", part) for k, part in enumerate(re.split("(`[^`]*`)", text))
    )


def _linked(text: str, own: str) -> str:
    """Code that names a page or a file, as a link to it."""

    def link(found: re.Match[str]) -> str:
        name = found[1]
        if name != own and name in {title(module) for module in documented()}:
            return f"[`{name}`]({name}.md)"
        if re.fullmatch(r"(?:evidence|model|scenario|simulate|study|view)/\w+\.py", name):
            return f"[`{name}`](../../src/ceasefire/{name})"
        return found[0]

    return re.sub(r"`([^`]+)`", link, text)


# --------------------------------------------------------------------------------------------------------------- wiring


WEEK, BEGAN, GIVEN, OUTSIDE = "flow of this week", "as the week began", "parameter", ""


class Origin(NamedTuple):
    """Where something that a call receives comes from."""

    subsystem: str
    """Empty for the map and what the engine says."""
    field: str
    """Empty for all of it."""
    when: str


Received = dict[str, tuple[Origin, ...]]


@cache
def calls() -> dict[str, Received]:
    """What each call of the week hands to its subsystem, from where, in order; luck and decrees apart."""
    (function,) = ast.parse(inspect.getsource(war.step)).body
    assert isinstance(function, ast.FunctionDef)
    reader = _Reader()
    for statement in function.body:
        if not isinstance(statement, ast.FunctionDef):
            reader.read(statement)
    return reader.calls


class _Reader:
    """Follows names through the lines of a week."""

    def __init__(self) -> None:
        self.calls: dict[str, Received] = {}
        self.records: dict[str, str] = {}
        self.flows: dict[str, str] = {}
        self.names: dict[str, tuple[Origin, ...]] = {}

    def read(self, statement: ast.stmt) -> None:
        """Take in one line."""
        for node in ast.walk(statement):
            called = _called(node)
            if called:
                assert isinstance(node, ast.Call)
                self.calls[called] = {
                    word.arg: self.origins(word.value)
                    for word in node.keywords
                    if word.arg not in (None, "noise", "do")
                }
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple):
            each = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
            for part, its in zip(target.elts, each, strict=True):
                self._assign(part, its)
        elif isinstance(target, ast.Name):
            called = _called(value)
            if called:
                self.flows[target.id] = called
            elif (record := _record(value)) is not None:
                self.records[target.id] = record
            else:
                self.names[target.id] = self.origins(value)

    def origins(self, node: ast.AST) -> tuple[Origin, ...]:
        """Everything that an expression is made of."""
        path: list[str] = []
        root = node
        while isinstance(root, ast.Attribute):
            path.insert(0, root.attr)
            root = root.value
        if isinstance(root, ast.Name):
            return self._named(root.id, path)
        called = _called(root)
        if called:
            return (Origin(called, path[0] if path else "", WEEK),)
        found = (origin for child in ast.iter_child_nodes(root) for origin in self.origins(child))
        return tuple(dict.fromkeys(found))

    def _named(self, name: str, path: Sequence[str]) -> tuple[Origin, ...]:
        first, second = (*path, "", "")[:2]
        if path and path[-1] in ("dtype", "shape"):
            return ()
        if name in self.records:
            return (Origin(first, second, self.records[name]),)
        if name in self.flows:
            return (Origin(self.flows[name], first, WEEK),)
        if name in ("ground", "list_length") or (name == "noise" and first == "week"):
            return (Origin("", f"{name}.{first}" if first else name, OUTSIDE),)
        return self.names.get(name, ())


def _called(node: ast.AST) -> str:
    """Subsystem of a `call(subsystem, …)`, or nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "call":
        (first, *_) = node.args
        if isinstance(first, ast.Name):
            return first.id
    return ""


def _record(node: ast.AST) -> str | None:
    """Whether `decreed(params, …)` or `decreed(state, …)` gives parameters or what stood as the week began."""
    match node:
        case ast.Call(func=ast.Name(id="decreed"), args=[ast.Name(id=name), *_]):
            return {"params": GIVEN, "state": BEGAN}.get(name)
    return None


# ---------------------------------------------------------------------------------------------------------------- pages


@cache
def documented() -> tuple[ModuleType, ...]:
    """Every file that has a page, in the order of the week."""
    return (*war.SUBSYSTEMS, *BESIDE, *LAWS)


def pages() -> dict[str, str]:
    """Every page by its file name."""
    found = {"README.md": index()}
    for module in documented():
        found[f"{title(module)}.md"] = law(module) if module in LAWS else page(module)
    return found


def law(module: ModuleType) -> str:
    """The page of a law that subsystems share."""
    return _joined(*_opening(module), *_functions(module))


def page(module: ModuleType) -> str:
    """The page of a subsystem."""
    variables = list(declared(module))
    of_kind = {kind: [v for v in variables if v.kind == kind] for kind in ("parameter", "state", "flow")}
    couplings = [v for v in of_kind["parameter"] if v.coupling]
    parameters = [v for v in of_kind["parameter"] if not v.coupling]
    return _joined(
        *_opening(module),
        *_place(module),
        *_table("Couplings", _COUPLING_NOTE, _COUPLING_HEAD, map(_coupling_row, couplings)),
        *_table("Parameters", _PARAMETER_NOTE, _PARAMETER_HEAD, map(_parameter_row, parameters)),
        *_table("State", _about(module, "State"), _STATE_HEAD, map(_state_row, of_kind["state"])),
        *_table("Flows", _about(module, "Flows"), _FLOW_HEAD, map(_flow_row, of_kind["flow"])),
        *_properties(module),
        *_table("Numbers chosen", "", _CHOICE_HEAD, _choices(module)),
        *_functions(module),
    )


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(module: ModuleType) -> Iterator[str]:
    """Title, equations, what is left out, sources."""
    told, own = document(module), title(module)
    folder = module.__name__.split(".")[1]
    yield f"# {told.title}"
    yield f"**{_sentence(told.lead)}**"
    yield (
        f"Made from [`{folder}/{own}.py`](../../src/ceasefire/{folder}/{own}.py) by `{COMMAND}`; nothing here is "
        "written by hand. [All subsystems](README.md)"
    )
    yield prose(told.body, own)
    if told.left_out:
        yield f"## Left out\n\n{prose(_sentence(told.left_out), own)}"
    if told.sources:
        yield "## Sources\n\n" + "\n".join(f"- {_linked(_escaped(part), own)}" for part in _listed(told.sources))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(text: str) -> list[str]:
    """Parts of a list with semicolons, of which those within brackets do not count."""
    parts, depth = [""], 0
    for letter in " ".join(text.split()):
        depth += (letter in "([") - (letter in ")]")
        if letter == ";" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip().rstrip(".") for part in parts if part.strip()]


# --------------------------------------------------------------------------------------------------- place in the week


def _place(module: ModuleType) -> Iterator[str]:
    """When a subsystem is called, what it receives and who takes what it makes."""
    name = title(module)
    order = _order()
    if name not in order:
        yield "## In the week\n\nNo week calls it: it stands between what happens and what is told of it."
        return
    at = order.index(name)
    before = f"after {_page(order[at - 1])}" if at else "first of all"
    then = f", before {_page(order[at + 1])}" if at + 1 < len(order) else ", last of all"
    does = _sentence(inspect.cleandoc(module.step.__doc__ or ""))
    yield f"## In the week\n\nCall {at + 1} of {len(order)}: {before}{then}."
    yield prose(does, name)
    received = calls().get(name, {})
    if received:
        rows = (_received_row(module, word, origins) for word, origins in received.items())
        yield _rows(("receives", "by", "from"), rows)
    taken = list(_taken(name))
    if taken:
        yield "Who takes what it makes:"
        yield "\n".join(taken)


def _page(name: str) -> str:
    return f"[{name}]({name}.md)"


def _received_row(module: ModuleType, word: str, origins: Iterable[Origin]) -> tuple[str, ...]:
    dims = _step_dims(module, word)
    return f"`{word}`", ", ".join(dims) or "–", "; ".join(map(_origin, _telling(origins)))


def _step_dims(module: ModuleType, word: str) -> list[str]:
    """What an argument of `step` is given by."""
    argument = inspect.signature(module.step).parameters.get(word)
    return _dims(getattr(argument.annotation, "dim_str", "").split()) if argument else []


def _telling(origins: Iterable[Origin]) -> list[Origin]:
    """Origins without parameters where there is anything else."""
    found = list(origins)
    return [origin for origin in found if origin.when != GIVEN] or found


def _origin(origin: Origin) -> str:
    if not origin.subsystem:
        return {"ground": "the map", "list_length": "the engine", "noise.week": "the week of the war"}.get(
            origin.field, f"the map (`{origin.field.removeprefix('ground.')}`)"
        )
    field = f", `{origin.field}`" if origin.field else ""
    when = origin.when if origin.field or origin.when == WEEK else f"state {origin.when}"
    return f"{_page(origin.subsystem)}{field} ({when})"


def _taken(name: str) -> Iterator[str]:
    """One line for each thing that others receive of a subsystem."""
    users: dict[Origin, list[str]] = {}
    for user, received in calls().items():
        for origin in dict.fromkeys(origin for origins in received.values() for origin in _telling(origins)):
            if origin.subsystem == name:
                users.setdefault(origin, []).append(user)
    for origin, names in users.items():
        field = f"`{origin.field}`" if origin.field else "all of it"
        yield f"- {field}, {origin.when}: {', '.join(map(_page, names))}"


# --------------------------------------------------------------------------------------------------------------- tables


_COUPLING_HEAD = ("coupling", "cause → effect", "5 / 50 / 95 %", "unit", "source", "meaning")
_PARAMETER_HEAD = ("name", "unit", "5 / 50 / 95 %", "source", "meaning")
_STATE_HEAD = ("name", "unit", "range", "meaning")
_FLOW_HEAD = ("name", "unit", "range", "kind", "meaning")
_CHOICE_HEAD = ("name", "value", "meaning")
_COUPLING_NOTE = "What one quantity does to another, relative to the opening; 0 cuts it."
_PARAMETER_NOTE = "Constant during a war, not known exactly. Where the record or the scenario says more, that counts."
_FAMILIES: dict[type, str] = {LogNormal: "log-normal", Share: "logit-normal", Normal: "normal"}


def _table(name: str, note: str, head: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    found = list(rows)
    if found:
        yield _joined(f"## {name}", note, _rows(head, found)).rstrip("\n")


def _rows(head: Sequence[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _about(module: ModuleType, part: str) -> str:
    return inspect.cleandoc(getattr(module, part).__doc__ or "")


def _name(variable: Variable) -> str:
    dims = _dims(variable.dims)
    field = variable.name.split(".", 1)[1]
    return f"`{field}[{','.join(dims)}]`" if dims else f"`{field}`"


def _dims(dims: Iterable[str]) -> list[str]:
    return [dim for dim in dims if dim != "run"]


def _coupling_row(variable: Variable) -> tuple[str, ...]:
    assert variable.coupling is not None
    cause, effect = variable.coupling
    way = f"`{cause}` → `{effect}`"
    return _name(variable), way, _prior(variable.prior), variable.unit, _source(variable), _escaped(variable.doc)


def _parameter_row(variable: Variable) -> tuple[str, ...]:
    return _name(variable), variable.unit, _prior(variable.prior), _source(variable), _escaped(variable.doc)


def _state_row(variable: Variable) -> tuple[str, ...]:
    return _name(variable), variable.unit, _range(variable.bounds), _escaped(variable.doc)


def _flow_row(variable: Variable) -> tuple[str, ...]:
    kind = "amount" if variable.unit in AMOUNTS and not variable.level else "level"
    told = f"{kind}, told only" if variable.derived else kind
    return _name(variable), variable.unit, _range(variable.bounds), told, _escaped(variable.doc)


def _prior(prior: Prior | None) -> str:
    """5, 50 and 95 % points with the family, or what is sure."""
    match prior:
        case Fixed(value):
            return f"{number(value, 4)}, fixed"
        case Uniform(low, high):
            return f"{number(low, 4)} to {number(high, 4)}, uniform"
        case LogNormal(low, mid, high) | Share(low, mid, high) | Normal(low, mid, high):
            return f"{' / '.join(number(point, 4) for point in (low, mid, high))}, {_FAMILIES[type(prior)]}"
    return ""


def _range(bounds: Bounds) -> str:
    low, high = bounds
    if low == -float("inf"):
        return "any" if high == float("inf") else f"≤ {number(high)}"
    return f"≥ {number(low)}" if high == float("inf") else f"{number(low)} to {number(high)}"


def _source(variable: Variable) -> str:
    """Where a prior comes from, and what takes its place."""
    told = LEARNED.get(variable.name) or _escaped(variable.source or "")
    read, given = _in_scenarios()
    places = [
        *(["the record"] if variable.name in read else []),
        *(["[the scenario](../reference/values.md)"] if variable.name in given else []),
    ]
    return "; ".join([told, *places])


@cache
def _in_scenarios() -> tuple[frozenset[str], frozenset[str]]:
    """Variables that some shipped scenario reads from the record, and that it gives a number."""
    found = [spec.load(name) for name in spec.scenarios()]
    read = frozenset(entry.variable for scenario in found for entry in (*scenario.records(), *scenario.fusions()))
    return read, frozenset(v.variable for scenario in found for v in (*scenario.war.value, *scenario.value))


def _choices(module: ModuleType) -> Iterator[tuple[str, ...]]:
    """Numbers of the file that are no parameters and say what they mean."""
    body = ast.parse(inspect.getsource(module)).body
    for line, after in itertools.pairwise(body):
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and isinstance(after, ast.Expr):
            name, value = line.targets[0].id, getattr(module, line.targets[0].id, None)
            told = _told(value)
            if told and not name.startswith("_"):
                doc = inspect.cleandoc(ast.literal_eval(after.value))
                yield f"`{name}`", told, _escaped(" ".join(doc.split()))


def _told(value: Any) -> str:
    """A number or a short list, or nothing."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return number(value, 4)
    if isinstance(value, tuple):
        return ", ".join(
            part if isinstance(part, str) else number(part, 4) for part in value if _told(part) or part == 0
        )
    return value if isinstance(value, str) else ""


def _properties(module: ModuleType) -> Iterator[str]:
    """What flows are called together, or made of."""
    found = [(name, part) for name, part in vars(module.Flows).items() if isinstance(part, property)]
    if found:
        yield "\n".join(f"- `{name}`: {_formulas(' '.join((part.__doc__ or '').split()))}" for name, part in found)


def _functions(module: ModuleType) -> Iterator[str]:
    """What each function of the file says of itself."""
    told = []
    for node in ast.parse(inspect.getsource(module)).body:
        doc = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        if doc and isinstance(node, ast.FunctionDef) and node.name not in ("step", "__init__"):
            first = " ".join(doc.split("\n\n")[0].split())
            told.append(f"- `{node.name}`: {_linked(_formulas(first), title(module))}")
    if told:
        yield "## Functions\n\n" + "\n".join(told)


# ---------------------------------------------------------------------------------------------------------------- index


def index() -> str:
    """The order of the week, one line a subsystem, and how they hang together."""
    links = couplings_between()
    place = {name: k for k, name in enumerate(_order())}
    within = sum(number for (cause, effect), number in links.items() if cause == effect)
    ahead = sum(number for (cause, effect), number in links.items() if place[cause] < place[effect])
    total = links.total()
    return _joined(
        "# How the model works",
        "One page a subsystem: its equations, what is left out, where its numbers come from. Made from the code by "
        f"`{COMMAND}`; nothing here is written by hand.",
        "## The week",
        "Subsystems are called in this order, once a week. A call may use flows of the calls above it and any state as "
        "the week began, so that feedback takes a week and nothing is circular.",
        _rows(("", "subsystem", "what it is", "parameters", "couplings", "flows"), map(_index_row, war.SUBSYSTEMS)),
        "Beside the week, and laws that several share:",
        "\n".join(f"- {_page(title(m))}: {document(m).lead}" for m in (*BESIDE, *LAWS)),
        "## How they hang together",
        "![Which subsystem acts on which](../images/subsystems.svg)",
        f"Rows act on columns. A number counts the declared couplings, {total} in all: {within} within a subsystem, "
        f"on the diagonal; {ahead} on a later call of the same week, above it; {total - within - ahead} on an earlier "
        "one, below it. Those that go back reach it a week later, as state. A ring marks what is "
        "handed on and enters an identity, such as troops or the day's orders, without a coupling of its own.",
        _rows(("", "acts on, by couplings", "hands on besides to"), _acting(links)),
        _NOTES,
    )


_NOTES = """\
## How to read the tables

- **5 / 50 / 95 %** are points of a prior. `fixed` is a choice, which a scenario or a decree may change.
- **Source.** `elicited` is judgement: a source for it is wanted. Where the text names maps, claims, the record or the
  scenario, what they say takes the prior's place: see the
  [numbers of the shipped scenarios](../reference/values.md).
- **Couplings** convey what has changed since the opening. What each is good for is
  [measured](../reference/couplings.md) by taking it out.
- **Flows**: an `amount` adds up over weeks, a `level` stands during the week. `told only` marks what only tells of
  others and cannot be decreed by itself.
- **Numbers chosen** are no parameters: they bound a calculation, or are arbitrary and say so."""


Links = Counter[tuple[str, str]]
"""How many couplings go from one subsystem to another."""


def couplings_between() -> Links:
    """Couplings by the subsystems of their cause and their effect."""
    couplings = (v.coupling for module in war.SUBSYSTEMS for v in declared(module) if v.coupling)
    pairs = ((cause.split(".")[0], effect.split(".")[0]) for cause, effect in couplings)
    return Counter(pair for pair in pairs if set(pair) <= set(_order()))


def _handed() -> set[tuple[str, str]]:
    """Pairs of subsystems of which one hands something to the other."""
    return {
        (origin.subsystem, user)
        for user, received in calls().items()
        for origins in received.values()
        for origin in _telling(origins)
        if origin.subsystem and origin.subsystem != user
    }


def _order() -> list[str]:
    return [title(module) for module in war.SUBSYSTEMS]


def _index_row(module: ModuleType) -> tuple[str, ...]:
    kinds = Counter("coupling" if v.coupling else v.kind for v in declared(module))
    counts = (str(kinds[kind]) for kind in ("parameter", "coupling", "flow"))
    name = title(module)
    return str(_order().index(name) + 1), _page(name), _escaped(document(module).lead), *counts


def _acting(links: Links) -> Iterator[tuple[str, ...]]:
    """One row a subsystem: on which it acts by couplings, and to which else it hands something."""
    handed, order = _handed(), _order()
    for cause in order:
        acts = [effect for effect in order if links[cause, effect] and effect != cause]
        besides = [user for user in order if (cause, user) in handed and user not in acts]
        yield _page(cause), ", ".join(map(_page, acts)) or "–", ", ".join(map(_page, besides)) or "–"


# -------------------------------------------------------------------------------------------------------------- picture


CELL, LEFT, TOP = 24, 104, 100


def figure() -> str:
    """Which subsystem acts on which: causes in rows, effects in columns, both in the order of the week."""
    order, links, handed = _order(), couplings_between(), _handed()
    size = CELL * len(order)
    body = [*_frame(order, size)]
    for row, cause in enumerate(order):
        for column, effect in enumerate(order):
            x, y = LEFT + CELL * column, TOP + CELL * row
            if links[cause, effect]:
                body += _count(x, y, links[cause, effect], row == column)
            elif (cause, effect) in handed:
                body.append(tag("circle", cx=x + CELL / 2, cy=y + CELL / 2, r=3.5, fill="none", stroke=QUIET))
    told = "Rows act on columns, in the order of the week; numbers count couplings, rings mark what is handed on."
    paper = tag("rect", width="100%", height="100%", fill=PAPER)
    return picture(LEFT + size + 48, TOP + size + 16, "Which subsystem acts on which", told, [paper, *body])


def _frame(order: Sequence[str], size: int) -> Iterator[str]:
    """Names, rules and the diagonal."""
    for k, name in enumerate(order):
        x, y, told = LEFT + CELL * k, TOP + CELL * k, name.replace("_", " ")
        yield tag("rect", x=x, y=y, width=CELL, height=CELL, fill=RULE)
        yield words(LEFT - 8, y + CELL / 2 + 4, told, text_anchor="end")
        middle = x + CELL / 2 + 4
        yield words(middle, TOP - 8, told, transform=f"rotate(-60 {middle:g} {TOP - 8})")
    for k in range(len(order) + 1):
        at = CELL * k
        yield tag("path", d=f"M{LEFT} {TOP + at}h{size}M{LEFT + at} {TOP}v{size}", stroke=RULE, fill="none")


def _count(x: float, y: float, couplings: int, own: bool) -> Iterator[str]:
    """A cell in which couplings act: within a subsystem in ink, between two in colour."""
    if not own:
        yield tag("rect", x=x + 2, y=y + 2, width=CELL - 4, height=CELL - 4, rx=3, fill=FIRST)
    colour = INK if own else PAPER
    yield words(x + CELL / 2, y + CELL / 2 + 4, str(couplings), text_anchor="middle", fill=colour)


def write(folder: Path = PAGES, image: Path = IMAGE) -> None:
    """Write every page and the picture."""
    folder.mkdir(parents=True, exist_ok=True)
    image.parent.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    image.write_text(standalone(figure()), encoding="utf-8")


if __name__ == "__main__":
    write()
