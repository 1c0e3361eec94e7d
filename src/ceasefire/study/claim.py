"""Claims: what causes what in a war, each written down with what to do in a simulated war to find out.

A file of claims is TOML: `[[claim]]` with its trials, or with why there are none, and `[[binding]]`, which says for a
war what the names in braces mean, so that the same claims can be put to several. Interventions are written as
everywhere (`scenario/decree.py`), numbers of the war likewise: `front.taken[{attacker},*]`.

Left out: interventions that answer to what happens in a run.
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from ceasefire.evidence.error import CeasefireError, suggestion
from ceasefire.scenario.decree import printable
from ceasefire.scenario.spec import Strict

CLAIMS = Path(__file__).parent / "claims.toml"
LARGEST_FILE = 1 << 20
LONGEST_LAG = 156
MOST_LINES = 256
"""That one line with names in braces can become."""
Text = Annotated[str, Field(max_length=600)]
Line = Annotated[str, Field(min_length=3, max_length=300)]
Lag = Annotated[int, Field(strict=True, ge=0, le=LONGEST_LAG)]
Lines = Annotated[tuple[Line, ...], Field(max_length=32)]


class ClaimError(CeasefireError):
    """A file of claims cannot be read, or a claim cannot be put to this war."""


# ------------------------------------------------------------------------------------------------------------ the file


class Measured(Strict):
    """A number of the simulated war: quantities with their labels, added up, perhaps over others."""

    of: Lines = Field(min_length=1)
    """Such as `front.taken[{attacker},*]`; `*` adds up over labels, a minus before the name takes away."""
    per: Lines = ()
    lag: Lag
    summed: bool = False
    """Added up since the cause; flows only."""
    relative: bool = False
    """Effects on the log, run by run."""
    title: Text = ""

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.title or " + ".join(self.of) + (f" per {' + '.join(self.per)}" if self.per else "")


class Early(Strict):
    """An outcome that takes time: how much of it there is early on."""

    lag: Lag
    at_most: Annotated[float, Field(gt=0, lt=1)]
    """Share of the effect at the outcome's lag."""


class Outcome(Measured):
    """A number that should move."""

    sign: Literal["+", "-"]
    early: Early | None = None
    direct: Text = ""
    """Why there is no edge to cut: the outcome follows from the intervention by definition."""

    @model_validator(mode="after")
    def _later(self) -> Outcome:
        if self.early and self.early.lag >= self.lag:
            raise ValueError("what comes `early` needs a shorter lag than the outcome")
        return self


class Trial(Strict):
    """One intervention and what should come of it."""

    do: Lines = Field(min_length=1)
    given: Lines = ()
    """Held in both arms."""
    beside: Lines = ()
    """Done too, in the wars whose effect is compared with that in wars without it."""
    values: dict[str, Annotated[tuple[float | int, ...], Field(min_length=2, max_length=3)]] = Field({}, max_length=16)
    """For each `{name}` in `do` or `beside` its value at doses ½, 1 and 2; two values are ½ and 1."""
    no_dose: Text = ""
    """Why there are fewer doses."""
    expected: bool = False
    """Both sides reckon with it from its first week on: their values of fighting on are fitted again."""
    outcome: Annotated[tuple[Outcome, ...], Field(max_length=8)] = ()
    control: Annotated[tuple[Measured, ...], Field(max_length=8)] = ()
    cut: Lines = ()
    """Held in both arms, so that the effect should vanish."""

    @model_validator(mode="after")
    def _whole(self) -> Trial:
        lengths = {len(values) for values in self.values.values()}
        if len(lengths) > 1:
            raise ValueError("every entry of `values` needs as many doses as the others")
        if lengths != {3} and not self.no_dose:
            raise ValueError("three doses, ½, 1 and 2, are needed in `values`, or a `no_dose` that says why not")
        if not self.outcome and not self.control:
            raise ValueError("name an `outcome` that should move or a `control` that should not")
        if not self.cut and not all(outcome.direct for outcome in self.outcome):
            raise ValueError("name the edges to `cut`, or say for each outcome why it is `direct`")
        return self

    @property
    def doses(self) -> tuple[float, ...]:
        """Doses that are tried; 1 is what the claim is answered with."""
        return (0.5, 1.0, 2.0)[: len(next(iter(self.values.values())))] if self.values else (1.0,)


class Claim(Strict):
    """A cause, an effect, and how to find out; or why that cannot be found out here."""

    id: str = Field(pattern=r"^\w[\w.-]{0,19}$")
    cause: Text
    effect: Text
    sign: str = Field(max_length=40)
    lag: str = Field(max_length=60)
    contested: bool = False
    trial: Annotated[tuple[Trial, ...], Field(max_length=8)] = ()
    not_represented: Text = ""
    """Why the model has no defensible pathway."""
    waits: Text = ""
    """What the answer waits for."""
    left_out: Text = ""
    """What of the claim is not tried, and why."""

    @model_validator(mode="after")
    def _answered(self) -> Claim:
        if sum(map(bool, (self.trial, self.not_represented, self.waits))) != 1:
            raise ValueError("a claim has a `trial`, or says why it is `not_represented` or what it `waits` for")
        if self.contested and any(one.per and not one.relative for trial in self.trial for one in trial.outcome):
            raise ValueError("what is contested is told run by run; leave out `per`, or make it `relative`")
        return self

    @property
    def is_direct(self) -> bool:
        """Whether all that is measured is made of the cause, so that the claim cannot fail."""
        outcomes = [outcome for trial in self.trial for outcome in trial.outcome]
        return bool(outcomes) and all(outcome.direct for outcome in outcomes)


class Binding(Strict):
    """What the names in braces mean in one war."""

    war: str = Field(max_length=60)
    names: dict[str, Annotated[str, Field(max_length=80)] | Annotated[tuple[str, ...], Field(max_length=32)]]
    """A name that stands for several makes several lines, or adds up."""


class Claims(Strict):
    """A file of claims."""

    binding: Annotated[tuple[Binding, ...], Field(max_length=50)] = ()
    claim: Annotated[tuple[Claim, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _once(self) -> Claims:
        for listed in ([claim.id for claim in self.claim], [binding.war for binding in self.binding]):
            twice = next((one for one in listed if listed.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"{twice!r} is there twice")
        return self

    def names(self, war: str) -> dict[str, Any]:
        """What the names in braces mean in a war. Raises `ClaimError` where the file does not say."""
        for binding in self.binding:
            if binding.war == war:
                return dict(binding.names)
        known = ", ".join(binding.war for binding in self.binding) or "none"
        raise ClaimError(f"the claims say nothing of the war {war!r}; a [[binding]] with war = {war!r} would ({known})")


def load(path: str | Path = CLAIMS) -> Claims:
    """Claims from a TOML file. Raises `ClaimError` with the place and what is wrong there."""
    place = Path(path)
    try:
        with place.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise ClaimError(f"cannot read the claims {place}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST_FILE:
        raise ClaimError(f"the claims {place} are longer than {LARGEST_FILE:,} bytes; they cannot be any")
    try:
        return Claims.model_validate(tomllib.loads(content.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ClaimError(f"the claims {place} are not TOML: {printable(' '.join(str(error).split()))}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:120]
        raise ClaimError(f"the claims {place}, {printable(where) or 'as a whole'}: {first['msg']}") from None


# ----------------------------------------------------------------------------------------------------- names in braces

_NAMED = re.compile(r"\{([a-z_]+)\}")


def filled(line: str, names: Mapping[str, Any]) -> tuple[str, ...]:
    """A line with its names in braces replaced; several lines where one stands for several."""
    asked = list(dict.fromkeys(_NAMED.findall(line)))
    for name in asked:
        if name not in names:
            known = ", ".join(sorted(names)) or "none"
            raise ClaimError(f"{printable(line)!r}: nothing is known of {{{name}}}{suggestion(name, names)}; {known}")
    meanings = [names[name] if isinstance(names[name], tuple) else (names[name],) for name in asked]
    if math.prod(len(meaning) for meaning in meanings) > MOST_LINES:
        raise ClaimError(f"{printable(line)!r} stands for more than {MOST_LINES} lines; write it in several")
    lines = []
    for chosen in itertools.product(*meanings):
        told = dict(zip(asked, chosen, strict=True))
        lines.append(_NAMED.sub(lambda match: _plain(told[match[1]]), line))  # noqa: B023
    return tuple(lines)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def all_filled(lines: Iterable[str], names: Mapping[str, Any]) -> tuple[str, ...]:
    """All lines with their names in braces replaced, in order."""
    return tuple(itertools.chain.from_iterable(filled(line, names) for line in lines))
