"""The deal: how the table stands by week, and what runs that end by agreement agree on."""

from __future__ import annotations

from collections.abc import Iterator

from ceasefire.study.summary import Spread, Summary, Table, Terms
from ceasefire.study.summary import Stance as Stood
from ceasefire.view.web.replies import Agreed, Clause, Deal, Sitting, Stance

Three = tuple[float, float, float]


def deal(summary: Summary) -> Deal:
    """What the runs say of agreements; nothing but numbers of runs where the result does not tell of them."""
    terms = summary.terms
    return Deal(
        agreements=terms.agreements if terms else 0,
        runs=summary.runs_used,
        sittings=[_sitting(table) for table in summary.table],
        clauses=list(_clauses(terms)) if terms else [],
        packages=list(_packages(terms)) if terms else [],
        line_as_held=terms.line_as_held.probability if terms and terms.line_as_held else None,
        holds_a_year=next((each.mean for each in terms.holds if each.years == 1), None) if terms else None,
        resumed=terms.resumed.probability if terms and terms.resumed else None,
    )


def _sitting(table: Table) -> Sitting:
    return Sitting(
        week=table.weeks,
        date=str(table.date),
        zone=table.zone.probability,
        low=table.zone.monte_carlo_low,
        high=table.zone.monte_carlo_high,
        size=_three(table.size),
        lasting=_three(table.lasting),
        earnest=table.talks.get("earnest", 0.0),
        stances=[_stance(stance) for stance in table.sides],
    )


def _stance(stance: Stood) -> Stance:
    return Stance(
        side=stance.side,
        least=_three(stance.least),
        fighting_on=_three(stance.fighting_on),
        standing=_three(stance.standing),
        surplus=_three(stance.surplus),
    )


def _three(spread: Spread) -> Three:
    """5, 50 and 95 %; a table is told of enough runs for all to be numbers."""
    return spread.q05 or 0.0, spread.q50 or 0.0, spread.q95 or 0.0


def _clauses(terms: Terms) -> Iterator[Clause]:
    """Every clause that some agreement takes, by issue, the most common first."""
    for issue in terms.issues:
        taken = [(clause.agreed.probability, clause.name) for clause in issue.clauses if clause.agreed]
        for share, name in sorted(taken, key=lambda pair: -pair[0]):
            if share > 0:
                yield Clause(issue=issue.name, option=name, share=share)


def _packages(terms: Terms) -> Iterator[Agreed]:
    for package in terms.packages:
        share = package.share
        yield Agreed(
            clauses=list(package.clauses),
            runs=round(share.probability * share.runs),
            share=share.probability,
            low=share.monte_carlo_low,
            high=share.monte_carlo_high,
        )
