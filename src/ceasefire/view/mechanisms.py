"""The page of causal claims: one row a claim, what was done, what came of it, and which rules hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.start import open_war
from ceasefire.simulate.cache import keep_compiled
from ceasefire.study.forecast import opened
from ceasefire.study.mechanisms import (
    CONTESTED,
    NOISE,
    NOT_REPRESENTED,
    RULES,
    SAME,
    VERDICTS,
    WAITS,
    ZERO,
    Answer,
    Answers,
    Estimate,
    Measured,
    Moved,
    Tried,
    answer,
)
from ceasefire.view.text import clean, number

PAGE = Path("docs") / "reference" / "mechanisms.md"
COMMAND = "make mechanisms"
SCENARIO = "alaska-2025-08"

READING = f"""\
- **Doses.** Each intervention is tried at half, once and twice its size, unless it has no degrees; dose 0 is the same
  war, with the same luck, without it. The table tells dose 1.
- **Effect**: mean over runs of the paired difference, with its 95 % interval. It says how well the runs know what the
  intervention does in the model, not how well the model knows the war.
- **sign**: the interval excludes 0 on the side that is claimed, at the lag. **before**: no recorded number of any run
  differs before the cause, to the last bit. **early**: where the claim says that it takes time, little comes early.
  **dose**: no step from a dose to the next goes against the sign for sure. **control**: what should stay moves by
  nothing that its interval tells from 0, or by at most {100 * NOISE:.0f} % of its spread between runs. **cut**: with
  the edge cut in both arms nothing is left that its interval tells from 0, or at most {100 * SAME:.0f} % of the effect.
  **zero**: of a contested claim at least {100 * ZERO:.0f} % of runs show no effect or the opposite.
- **Supported** means that all rules hold in every trial of the claim; **contested**, that the claim is disputed and the
  model leaves room for both, all other rules holding. Neither says that the claim is true: the effect follows from
  equations and priors that were written by people who knew the claims.
- **Claims** are worded by this project after what is said about the war; their ids are those of its list of claims."""


def page(found: Answers) -> str:
    """All answers in Markdown."""
    return (
        "\n\n".join(
            [
                "# Causal claims",
                _what(found),
                "\n".join(_table(found)),
                "## How to read it",
                READING,
                "## What was done, and what came of it",
                *(part for one in found.answers if one.tried for part in _claim(one)),
            ]
        )
        + "\n"
    )


def _what(found: Answers) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict in VERDICTS if (count := found.count(verdict)))
    return (
        f"{len(found.answers)} claims about what causes what in the war, put to the model as interventions: {counts}. "
        f"{found.represented} have a pathway that is tried.\n"
        f"From {found.opening} ({cell(found.title)}): {found.runs:,} runs, seed {found.seed}, version {found.version}, "
        f"evidence {found.evidence_hash[:15]}.\n"
        f"Made by `{COMMAND}`; nothing here is written by hand."
    )


def _table(found: Answers) -> Iterator[str]:
    yield "| id | cause → effect | sign | lag | answer | what came of it | rules |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in found.answers:
        claim = one.claim
        told = (claim.id, f"{claim.cause} → {claim.effect}", claim.sign, claim.lag)
        yield f"| {' | '.join(map(cell, told))} | **{one.verdict}** | {_came(one)} | {_rules(one)} |"


def _came(one: Answer) -> str:
    """What moved at dose 1, or why nothing was tried."""
    if one.verdict in (NOT_REPRESENTED, WAITS):
        return cell(one.claim.not_represented or one.claim.waits)
    parts = [f"{cell(moved.outcome.name)}: {effect(moved.effect)}" for tried in one.tried for moved in tried.moved]
    parts += [_room(moved, tried) for tried in one.tried for moved in tried.moved if one.claim.contested]
    parts += [f"Not tried: {cell(one.claim.left_out)}"] if one.claim.left_out else []
    return "<br>".join(parts)


def _room(moved: Moved, tried: Tried) -> str:
    """How far a contested claim holds over what is not known."""
    share = f"{cell(moved.outcome.name)}: as claimed in {100 * moved.effect.towards(moved.sign):.0f} % of runs"
    through = [f"{100 * part:.0f} % of `{name}` at or below 0" for name, part in tried.priors if part > 0]
    return f"{share} ({', '.join(through)})" if through else share


def _rules(one: Answer) -> str:
    failing = [name for name in RULES if one.rules[name] is False]
    if one.verdict == CONTESTED and failing:
        return "all but sign, which is open"
    if failing:
        return f"**fails: {', '.join(failing)}**"
    holding = [name for name in RULES if one.rules[name]]
    return ", ".join(holding) if holding else "–"


def effect(found: Estimate) -> str:
    """An effect with its interval."""
    low, middle, high = (_signed(value) for value in (found.low, found.difference, found.high))
    return f"{number(found.baseline)} → {number(found.treated)}, {middle} ({low} to {high})"


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def cell(text: str) -> str:
    """Text that cannot break a table."""
    return clean(text).replace("|", "/").replace("<", "‹").replace(">", "›")


def _claim(one: Answer) -> Iterator[str]:
    yield f"### {cell(one.claim.id)}: {cell(one.claim.cause)}"
    for tried in one.tried:
        yield "\n".join(_trial(tried))


def _trial(tried: Tried) -> Iterator[str]:
    yield f"- Done, dose 1: {_lines(decree.text for decree in tried.decrees)}"
    if tried.given:
        yield f"- In both arms: {_lines(tried.given)}"
    if tried.cut:
        yield f"- Cut: {_lines(tried.cut)}"
    if tried.trial.no_dose:
        yield f"- {cell(tried.trial.no_dose)}"
    for moved in tried.moved:
        yield f"- {cell(moved.outcome.name)}, {_when(moved.outcome)}: {_doses(moved)}"
    for control, found in tried.still:
        yield f"- Control, {cell(control.name)}, {_when(control)}: {effect(found)}"
    for rule in tried.rules:
        if not rule.holds:
            yield f"- **{rule.name} fails**: {cell(rule.told)}"
    if tried.failed:
        yield f"- {tried.failed} runs did not stay finite and are left out."


def _lines(lines: Iterable[str]) -> str:
    return ", ".join(f"`{cell(line)}`" for line in lines)


def _when(one: Measured) -> str:
    week = "in the first week" if one.lag == 0 else f"{one.lag} weeks later"
    return f"{week}, added up" if one.summed else week


def _doses(moved: Moved) -> str:
    names = ("½", "1", "2") if len(moved.doses) > 1 else ("1",)
    told = [f"dose {name} {_signed(found.difference)}" for name, found in zip(names, moved.doses, strict=False)]
    if moved.early and moved.outcome.early:
        told.append(f"after {moved.outcome.early.lag} weeks {_signed(moved.early.difference)}")
    if moved.cut:
        told.append(f"cut {_signed(moved.cut.difference)}")
    if moved.outcome.direct:
        told.append(f"no edge to cut: {cell(moved.outcome.direct)}")
    return "; ".join(told)


def main(path: Path = PAGE, scenario: str = SCENARIO, only: Sequence[str] = ()) -> None:
    """Answer all claims again, which takes some minutes, and write the page."""
    keep_compiled()
    asked = opened(scenario, None)
    found = answer(open_war(asked, Vintage(Store.open(), asked.opening)), only=only)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
