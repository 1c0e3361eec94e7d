"""The futures: fans of what a reader asks for, endings and states by week, and every run as a row to pick from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np
import xarray
from numpy.typing import NDArray

from ceasefire.simulate.result import ResultError
from ceasefire.study import replay
from ceasefire.study.summary import Label, Series, Summary
from ceasefire.view import text
from ceasefire.view.web.replies import Curve, Fan, Futures, Happening, Run, Runs

Group = Literal["area", "losses", "stocks", "power", "revenue", "opinion", "aid", "talks", "strikes"]

DIGITS = 4
"""Significant digits of a fan."""


class _Wanted(NamedTuple):
    """A measure of the summary that is told, under which heading and in which words."""

    group: Group
    measure: str
    label: str
    unit: str = ""
    scale: float = 1.0
    items: tuple[str, ...] = ()
    """Labels of items that are told; all where there are none."""


_STOCKS, _STORED = ("tank", "apc", "artillery", "drone"), ("tank", "apc", "artillery")
_WEAPONS = ("attack_drone", "cruise_missile", "ballistic_missile")
_AIMS = "own aims = 1"
_WANTED = (
    _Wanted("area", "area_change", "Ground gained by {first} since the opening", "km²"),
    _Wanted("area", "mapped_area_change", "Ground gained by {first}, as a public mapper would report it", "km²"),
    _Wanted("losses", "casualties_cumulative", "Killed or seriously wounded since the opening", "people"),
    _Wanted("losses", "casualties", "Killed or seriously wounded in the week", "people"),
    _Wanted("losses", "killed_cumulative", "Killed since the opening", "people"),
    _Wanted("losses", "surrendered_cumulative", "Taken prisoner since the opening", "people"),
    _Wanted("losses", "civilians_harmed_cumulative", "Civilians killed or wounded since the opening", "people"),
    _Wanted("stocks", "troops", "Soldiers in the theatre", "people"),
    _Wanted("stocks", "equipment", "{thing} with the army", "pieces", items=_STOCKS),
    _Wanted("stocks", "storage", "{thing} in storage", "pieces", items=_STORED),
    _Wanted("strikes", "launched", "{thing} launched in the week", "pieces", items=_WEAPONS),
    _Wanted("strikes", "stopped_share", "{thing} that the enemy stopped, over four weeks", "%", 100.0, _WEAPONS),
    _Wanted("power", "served_share", "Share of power demand that is met", "%", 100.0),
    _Wanted("power", "blackout_hours", "Hours a day without electricity in an average household", "h a day"),
    _Wanted("power", "cold", "People without heat at a time", "people"),
    _Wanted("revenue", "brent", "Price of Brent crude", "USD a barrel"),
    _Wanted("revenue", "oil_revenue_relative", "Taxes on oil and gas, 100 if nothing changed", "%", 100.0),
    _Wanted("revenue", "reserves", "Reserves that the budget can use", "bn of local currency"),
    _Wanted("revenue", "inflation", "Inflation", "% a year"),
    _Wanted("aid", "aid_delivered", "Aid delivered over four weeks", "bn USD"),
    _Wanted("aid", "will", "Share of those who decide that are for giving", "%", 100.0),
    _Wanted("aid", "credibility", "Chance that guarantees of an agreement are kept", "%", 100.0),
    _Wanted("opinion", "opinion", "{asked}", "%"),
    _Wanted("talks", "zone", "Largest surplus of the worse-off side; below 0 no agreement is better for both", _AIMS),
    _Wanted("talks", "least", "The least that a side would accept", _AIMS),
    _Wanted("talks", "fighting_on", "What a side expects of fighting on", _AIMS),
    _Wanted("talks", "hazard", "Chance that the war ends in the week", "%", 100.0),
)
LITTLE = 0.05
"""Share of the aid of the largest patron below which one is not told of."""


def futures(summary: Summary) -> Futures:
    """What all runs say, week by week."""
    base = summary.endings.base_rate
    return Futures(
        fans=[fan for wanted in _WANTED for fan in _fans(summary, wanted)],
        endings=[
            Curve(key=kind.kind, label=text.state_label(summary, kind.kind), share=list(kind.weekly))
            for kind in summary.endings.kinds
        ],
        base_rate=list(base.q50) if base else [],
        states=[
            Curve(key=state.state, label=text.state_label(summary, state.state), share=list(state.share))
            for state in summary.occupancy
            if any(state.share)
        ],
    )


def _fans(summary: Summary, wanted: _Wanted) -> Iterator[Fan]:
    """The fans of one measure; those that say nothing, or too little for a reader, are left out."""
    patrons = _weighty(summary)
    for series in summary.series:
        told = series.measure == wanted.measure and not series.empty
        told &= not wanted.items or series.item in wanted.items
        told &= series.patron is None or series.patron in patrons
        if told and not (wanted.measure == "mapped_area_change" and series.axis):
            yield _fan(summary, wanted, series)


def _weighty(summary: Summary) -> set[str]:
    """Patrons that give more than a little."""
    given = {ally.key: ally.delivered.q50 or 0.0 for ally in summary.allies}
    return {key for key, amount in given.items() if amount >= LITTLE * max(given.values())}


def _fan(summary: Summary, wanted: _Wanted, series: Series) -> Fan:
    labels = [series.side, series.axis, series.item, series.patron, series.question]
    label = wanted.label.format(
        first=summary.sides[0].name,
        thing=_name((*summary.items, *summary.weapons), series.item),
        asked=_name(summary.questions, series.question),
    )
    return Fan(
        key=".".join((wanted.measure, *(label for label in labels if label))),
        group=wanted.group,
        label=label[:1].upper() + label[1:],
        of=_of(summary, series),
        unit=wanted.unit or series.unit,
        q05=_row(series.q05, wanted.scale),
        q25=_row(series.q25, wanted.scale),
        q50=_row(series.q50, wanted.scale),
        q75=_row(series.q75, wanted.scale),
        q95=_row(series.q95, wanted.scale),
    )


def _of(summary: Summary, series: Series) -> str:
    """Whose or of what a series is."""
    if series.side:
        return summary.side_name(series.side)
    if series.axis:
        return _name(summary.axes, series.axis)
    patrons = {ally.key: ally.name for ally in summary.allies}
    return patrons.get(series.patron or "", series.patron or "")


def _name(labels: tuple[Label, ...], key: str | None) -> str:
    return next((label.name for label in labels if label.key == key), "")


def _row(values: tuple[float | None, ...], scale: float) -> list[float | None]:
    return [None if value is None else float(f"{value * scale:.{DIGITS}g}") for value in values]


# ---------------------------------------------------------------------------------------------------------------- runs


def runs(result: xarray.Dataset) -> Runs:
    """All runs that finished, as columns."""
    used = _finished(result)
    meanings = _phases(result)
    ending, week = (used[name].to_numpy().astype(int) for name in ("first_ending", "first_ending_week"))
    return Runs(
        run=used["run"].to_numpy().tolist(),
        ending=[meanings[code] if code else "none" for code in ending.tolist()],
        ending_week=[at if code else None for code, at in zip(ending.tolist(), week.tolist(), strict=True)],
        gained=_whole(_gained(used)[-1]),
        losses=[_whole(row) for row in _lost(used)[-1]],
        towns=_taken(used).sum(axis=0).tolist(),
    )


def run(result: xarray.Dataset, number: int) -> Run:
    """One run, as it was kept. Raises `ResultError` where there is none of that number."""
    if not 0 <= number < result.sizes["run"]:
        raise ResultError(f"run {number} was asked for; the result holds runs 0 to {result.sizes['run'] - 1}")
    one = result.isel(run=[number])
    meanings = _phases(result)
    return Run(
        run=number,
        happenings=happenings(replay.events(result.isel(run=number))),
        gained=_whole(_gained(one)[:, 0]),
        losses=[_whole(row) for row in _lost(one)[..., 0].T],
        phase=[meanings[int(code)] for code in one["phase"].transpose("week", "run").to_numpy()[:, 0]],
    )


def happenings(events: list[replay.Event]) -> list[Happening]:
    """Events as they are told."""
    return [Happening(week=event.week, date=event.date, kind=event.kind, text=event.text) for event in events]


def _finished(result: xarray.Dataset) -> xarray.Dataset:
    names = ["first_ending", "first_ending_week", "area", "casualties", "town_share", "town_holder"]
    fine = result["ok"].to_numpy() if "ok" in result else np.ones(result.sizes["run"], bool)
    return result[names].isel(run=np.flatnonzero(fine))


def _phases(result: xarray.Dataset) -> Mapping[int, str]:
    return dict(enumerate(str(name) for name in result["phase"].attrs["flag_meanings"]))


def _gained(result: xarray.Dataset) -> NDArray[np.float64]:
    """Ground that the first side gained since the opening, km², [week, run]."""
    area = result["area"].transpose("week", "axis", "run").to_numpy().astype(float).sum(axis=1)
    return np.asarray(area - area[0])


def _lost(result: xarray.Dataset) -> NDArray[np.float64]:
    """People killed or seriously wounded since the opening, [week, side, run]."""
    lost = result["casualties"].transpose("week", "side", "run").to_numpy().astype(float)
    return np.nan_to_num(lost).cumsum(axis=0)


def _taken(result: xarray.Dataset) -> NDArray[np.bool_]:
    """Towns in other hands at the horizon than at the opening, [town, run]."""
    share = result["town_share"].isel(week=[0, -1]).transpose("week", "town", "run").to_numpy()
    return replay.town_lost(share, result["town_holder"].to_numpy())[1]


def _whole(row: NDArray[np.float64]) -> list[float]:
    """A tenth of a unit is all that a reader can use."""
    return [round(value, 1) + 0.0 for value in row.tolist()]
