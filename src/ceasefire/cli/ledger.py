"""The commands of the ledger: claims kept with their history."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ceasefire.cli.terminal import AsJson

ledger_app = typer.Typer(no_args_is_help=True, help="Claims and sources, kept with their history.")

Where = Annotated[
    str | None,
    typer.Option("--ledger", metavar="FILE_OR_URL", help="An SQLite file or postgresql://…; your own one otherwise."),
]
Fields = Annotated[
    list[str],
    typer.Argument(
        metavar="FIELD=VALUE...", help="Fields of the claim, or source; nothing after = for none; places by ;"
    ),
]
Identifier = Annotated[str, typer.Argument(metavar="ID", help="Identifier of a claim.")]
Reason = Annotated[str, typer.Option(help="Why; kept for good.")]


@ledger_app.command()
def add(
    field: Fields,
    source: Annotated[str | None, typer.Option(help="Whose word it is; whoever it is attributed to otherwise.")] = None,
    ledger: Where = None,
) -> None:
    """Add a claim. It needs id, doc, span, subject, quantity; many at once: ledger import.

    Example: ceasefire ledger add id=k1 doc=notes span="lost 12 tanks" subject=Russia quantity=losses_tanks value=12
    """
    from ceasefire.evidence.claim import from_row
    from ceasefire.evidence.ledger import Ledger

    fields = _fields(field)
    named = fields.pop("source", None)
    claim = from_row(fields)
    new = Ledger.open(ledger).add([claim], source=source or named)
    print(f"{claim.id}: {'added' if new else 'known already, nothing changed'}")


@ledger_app.command()
def correct(identifier: Identifier, field: Fields, reason: Reason, ledger: Where = None) -> None:
    """Write a claim anew with some fields changed; what it read before stays in its history.

    Example: ceasefire ledger correct k1 value=14 qualifier=about --reason "misread: 14, not 12"
    """
    from ceasefire.evidence.ledger import Ledger

    entry = Ledger.existing(ledger).correct(identifier, reason, **_fields(field))
    print(f"{entry.claim.id}: revision {len(entry.revisions)}")


@ledger_app.command()
def retire(identifier: Identifier, reason: Reason, ledger: Where = None) -> None:
    """Let a claim count no longer; it stays readable.

    Example: ceasefire ledger retire k1 --reason "withdrawn by its source"
    """
    from ceasefire.evidence.ledger import Ledger

    print(f"{Ledger.existing(ledger).retire(identifier, reason).claim.id}: retired")


@ledger_app.command("list")
def list_(
    quantity: Annotated[str | None, typer.Option(help="Only this quantity.")] = None,
    place: Annotated[str | None, typer.Option(help="Only claims that name this place.")] = None,
    side: Annotated[str | None, typer.Option(help="Only accounts of this side: UA, RU, US, …")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    doc: Annotated[str | None, typer.Option(help="Only this text.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Only what holds on it, or within a/b.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Only what was published by then.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired, too.")] = False,
    ledger: Where = None,
    as_json: AsJson = False,
) -> None:
    """List claims as they read now, in the order in which they were added.

    Example: ceasefire ledger list --quantity losses_tanks --side UA
    """
    from ceasefire.evidence.claim import SIDES
    from ceasefire.evidence.error import EvidenceError
    from ceasefire.evidence.ledger import Ledger

    asked = {"quantity": quantity, "place": place, "side": side, "source": source, "doc": doc, "as_of": as_of}
    if side is not None and side not in SIDES:
        raise EvidenceError(f"side {side!r:.40} is none of {', '.join(SIDES)}")
    filters: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if on is not None:
        filters["published_by"] = on
    entries = Ledger.existing(ledger).entries(**filters, include_retired=retired)
    if as_json:
        print(json.dumps([entry.claim.told() for entry in entries], ensure_ascii=False, indent=1))
        return
    from ceasefire.view.verdict import entry_line

    print("\n".join([*map(entry_line, entries), f"{len(entries):,} claims"]))


@ledger_app.command()
def history(identifier: Identifier, ledger: Where = None, as_json: AsJson = False) -> None:
    """Tell all that became of a claim: every revision with its reason, its links, its retirement.

    Example: ceasefire ledger history k1
    """
    from ceasefire.evidence.ledger import Ledger
    from ceasefire.view.verdict import history_text

    kept = Ledger.existing(ledger)
    entry = kept.history(identifier)
    links = [link for link in kept.links() if identifier in (link.first, link.second)]
    if as_json:
        told = {**asdict(entry), "links": [asdict(link) for link in links]}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print(history_text(entry, links))


@ledger_app.command()
def link(
    first: Annotated[str, typer.Argument(metavar="ID", help="The original.")],
    second: Annotated[str, typer.Argument(metavar="ID", help="What repeats it.")],
    kind: Annotated[str, typer.Option(help="quote, copy or origin.")] = "copy",
    ledger: Where = None,
) -> None:
    """Say that two claims rest on one origin, so that they count once.

    Example: ceasefire ledger link k1 k2 --kind copy
    """
    from ceasefire.evidence.ledger import Ledger

    new = Ledger.existing(ledger).link(first, second, kind)
    print(f"{first} and {second}: {'linked' if new else 'linked already'} as {kind}")


@ledger_app.command()
def copies(
    keep: Annotated[bool, typer.Option("--keep", help="Link them.")] = False,
    ledger: Where = None,
    as_json: AsJson = False,
) -> None:
    """Look for claims that repeat one another in the same or nearly the same words.

    Example: ceasefire ledger copies --keep
    """
    from ceasefire.evidence.ledger import Ledger

    kept = Ledger.existing(ledger)
    found = kept.detect_copies()
    if keep:
        kept.link_all(found)
    if as_json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
        return
    from ceasefire.view.verdict import said

    lines = [f"{said(each.first, 80)}  {said(each.second, 80)}  {each.kind}" for each in found]
    print("\n".join([*lines, f"{len(found):,} pairs {'linked' if keep else 'found, none linked'}"]))


@ledger_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An export, or any file of claims: JSON Lines, or CSV.")],
    ledger: Where = None,
) -> None:
    """Take in a file of claims, all of it or nothing.

    Example: ceasefire ledger import claims.jsonl
    """
    from ceasefire.evidence.exchange import import_offers
    from ceasefire.evidence.ledger import Ledger

    offers = import_offers(file)
    print(f"{Ledger.open(ledger).take(offers):,} claims taken in from {file}")


@ledger_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="File to write; CSV where its name ends in .csv.")],
    ledger: Where = None,
) -> None:
    """Write all claims with their history, sources and links.

    Example: ceasefire ledger export claims.jsonl
    """
    from ceasefire.evidence.ledger import Ledger

    print(f"{Ledger.existing(ledger).export_file(file):,} claims: {file}")


def _fields(given: Iterable[str]) -> dict[str, Any]:
    """`FIELD=VALUE` as values of the kinds that a claim has. Raises `EvidenceError` where one is none."""
    from ceasefire.evidence.entry import from_text
    from ceasefire.evidence.error import EvidenceError

    found: dict[str, Any] = {}
    for pair in given:
        name, separator, text = pair.partition("=")
        if not separator:
            raise EvidenceError(f"{pair!r:.80} is no FIELD=VALUE, such as value=12")
        if name in found:
            raise EvidenceError(f"{name} is given twice; say which holds")
        found[name] = from_text(name, text)
    return found
