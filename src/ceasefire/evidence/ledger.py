"""The ledger: claims and their sources, kept for good and asked later.

Nothing is overwritten. A correction adds a revision with its reason and leaves the earlier ones readable; what should
no longer count is retired with a reason, not deleted. Claims that contradict each other stay side by side: which to
believe is for fusion to weigh. Claims that rest on one origin (a pull quote, a copy in another outlet, two reports of
one briefing) are linked and come out as one cluster, so that whoever counts counts them once.

A claim's number is the order in which it was added; no clock is read. What was known on a day is what had been
published by then. Every operation is one transaction: all of it or nothing.

Left out: who wrote an entry, and when by the clock; verdicts, which change with the record that they rest on.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from ceasefire.evidence.claim import FIELDS, MAX_LINE, MAX_LINES, Claim, period
from ceasefire.evidence.database import CLAIM, KEPT, LINK, PLACE, RETIREMENT, REVISION, SOURCE, Database
from ceasefire.evidence.entry import (
    LINK_KINDS,
    MAX_KEY,
    ClaimSource,
    Entry,
    Link,
    Offer,
    Revision,
    checked,
    checked_reason,
    plain,
    source_key,
)
from ceasefire.evidence.error import EvidenceError, suggestion
from ceasefire.evidence.exchange import export_rows, import_offers, told
from ceasefire.evidence.likeness import matches
from ceasefire.evidence.series import Day, as_day


class Filters(TypedDict, total=False):
    """What to choose claims by; all that are given must hold."""

    quantity: str
    place: str
    """A name among the claim's places, as written there."""
    side: str
    """Whose account it is, of `claim.SIDES`."""
    source: str
    """Key of the source."""
    doc: str
    as_of: str
    """ISO day, month, year or interval that overlaps the claim's own; or `undated`."""
    published_by: Day | None
    """Published on that day or before; claims without a day of publication are left out."""
    include_retired: bool


class Ledger:
    """Claims and sources in one database. No connection is held between calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def where(self) -> str:
        """File or URL, without the password."""
        return self._database.where

    @staticmethod
    def open(location: Path | str | None = None) -> Ledger:
        """Open a ledger, made anew where there is none.

        A path is an SQLite file, `postgresql://…` a database; None is what `database.default_location` says. Raises
        `EvidenceError` where something else is there, or a ledger of a later version; it is left untouched.
        """
        return Ledger(Database.open(location))

    @staticmethod
    def existing(location: Path | str | None = None) -> Ledger:
        """As `open`, where there is one already. Raises `EvidenceError` where there is none; nothing is made."""
        return Ledger(Database.existing(location))

    # Write

    def add(self, claims: Iterable[Claim], *, source: ClaimSource | str | None = None) -> int:
        """Add claims, all or none; the number that were new.

        Without a source each claim's is what `entry.source_key` says: whoever it is attributed to, or its text where
        the author speaks. A claim that is here with the same content, now or in an earlier revision, stays as it is:
        adding twice does nothing and undoes no correction. Raises `EvidenceError` where any cannot be kept, or one with
        its identifier and other content is here: `correct` that.
        """
        described = ClaimSource(source) if isinstance(source, str) else source
        key, sources = ("", ()) if described is None else (described.key, (described,))
        return self.take([Offer((Revision(claim, key),), sources=sources) for claim in claims])

    def correct(self, identifier: str, reason: str, **changes: Any) -> Entry:
        """Write a new revision with some fields changed; `source` may be among them, `id` may not.

        Raises `EvidenceError` where there is no such claim, it is retired, or nothing would change.
        """
        reason = checked_reason(reason, "correction")
        _check_names(changes)
        stated = ClaimSource(changes.pop("source")).key if changes.get("source") else None
        fields = {name: value for name, value in changes.items() if name != "source"}
        with self._database.writing() as connection:
            entry = _live(connection, identifier)
            claim = checked(dataclasses.replace(entry.claim, **fields))
            unstated = source_key(claim) if entry.source == source_key(entry.claim) else entry.source
            revision = Revision(claim, stated or unstated, reason)
            if (claim, revision.source) == (entry.claim, entry.source):
                raise EvidenceError(f"claim {identifier!r} reads so already; name a field and another value")
            _keep_sources(connection, [ClaimSource(revision.source)])
            _insert_revisions(connection, [(len(entry.revisions) + 1, revision)])
            _check_sizes(connection, [identifier])
            return dataclasses.replace(entry, revisions=(*entry.revisions, revision))

    def retire(self, identifier: str, reason: str) -> Entry:
        """Let a claim count no longer; it and its history stay readable.

        Raises `EvidenceError` where there is no such claim, or it is retired.
        """
        reason = checked_reason(reason, "retirement")
        with self._database.writing() as connection:
            entry = _live(connection, identifier)
            connection.execute(sa.insert(RETIREMENT), {"claim": identifier, "reason": reason})
            _check_sizes(connection, [identifier])
            return dataclasses.replace(entry, retired=reason)

    def describe(self, source: ClaimSource) -> None:
        """Say who a source is, in place of what was said before. Raises `EvidenceError` where no claim rests on it."""
        with self._database.writing() as connection:
            known = _sources(connection)
            if source.key not in known:
                hint = suggestion(source.key, known) or "; add a claim with it first"
                raise EvidenceError(f"no claim in {self.where} rests on a source {source.key!r:.60}{hint}")
            _update_source(connection, source)
            _check_sizes(connection, _resting_on(connection, source.key))

    def link(self, first: str, second: str, kind: str) -> bool:
        """Say that two claims rest on one origin, `first` the original; False where that is known.

        Raises `EvidenceError` where one is not here, both are the same, or the kind is none of `LINK_KINDS`.
        """
        return bool(self.link_all([Link(first, second, kind)]))

    def link_all(self, links: Iterable[Link]) -> int:
        """Link many, all or none, as `link` does; the number that were new."""
        wanted = list(links)
        with self._database.writing() as connection:
            return _keep_links(connection, wanted)

    def unlink(self, first: str, second: str, kind: str) -> None:
        """Take a link back; one that `dup_of` says goes with a correction of that.

        Raises `EvidenceError` where there is none.
        """
        with self._database.writing() as connection:
            known = _between(first, second) & (LINK.c.kind == plain(kind))
            if not connection.execute(sa.delete(LINK).where(known)).rowcount:
                raise EvidenceError(f"{first!r:.60} and {second!r:.60} are not linked as {kind!r:.20}; see the links")

    # Ask

    def claims(self, **filters: Unpack[Filters]) -> list[Claim]:
        """Claims as they read now, in the order in which they were added; retired ones only where asked for."""
        return [entry.claim for entry in self.entries(**filters)]

    def entries(self, **filters: Unpack[Filters]) -> list[Entry]:
        """As `claims`, each with its history."""
        with self._database.reading() as connection:
            return _entries(connection, _chosen(**filters))

    def history(self, identifier: str) -> Entry:
        """One claim with its revisions and retirement. Raises `EvidenceError` where it is not here."""
        with self._database.reading() as connection:
            return _entry(connection, identifier)

    def sources(self) -> dict[str, ClaimSource]:
        """Sources by key, sorted."""
        with self._database.reading() as connection:
            return dict(sorted(_sources(connection).items()))

    def links(self) -> list[Link]:
        """Every link, those that `dup_of` says included."""
        with self._database.reading() as connection:
            return _links(connection)

    def clusters(self, **filters: Unpack[Filters]) -> list[tuple[Claim, ...]]:
        """The claims that `claims` gives, those that rest on one origin together: each cluster counts once.

        Links go both ways and carry on through claims that the filters leave out, retired ones too, but not through any
        published later than `published_by`.
        """
        visible = _chosen(include_retired=True, published_by=filters.get("published_by"))
        with self._database.reading() as connection:
            chosen = _entries(connection, _chosen(**filters))
            origin = _components([row.claim for row in connection.execute(visible)], _links(connection))
        groups: dict[str, list[Claim]] = defaultdict(list)
        for entry in chosen:
            groups[origin[entry.claim.id]].append(entry.claim)
        return [tuple(group) for group in groups.values()]

    def detect_copies(self) -> list[Link]:
        """Links that the words suggest and nobody made yet (`likeness` says how); `link_all` makes them.

        The original is the claim published first, or added first.
        """
        with self._database.reading() as connection:
            entries = sorted(_entries(connection, _chosen()), key=_seniority)
            origin = _components([entry.claim.id for entry in entries], _links(connection))
        found = matches(entry.claim for entry in entries)
        return [link for link in found if origin[link.first] != origin[link.second]]

    # Pass on

    def export_file(self, path: Path | str) -> int:
        """Write all claims with history, sources and links, one a line; the number of claims.

        CSV where the name ends in `.csv`, JSON Lines otherwise. `import_file` restores it exactly. Raises
        `EvidenceError` where it cannot be written.
        """
        if os.path.realpath(path) == os.path.realpath(self.where):
            raise EvidenceError(f"{path} is the ledger itself; name another file to write")
        with self._database.reading() as connection:
            lines = _told(connection, _entries(connection, _chosen(include_retired=True)))
        export_rows(lines, path)
        return len(lines)

    def import_file(self, path: Path | str) -> int:
        """Take in an export, or any file of claims; the number of claims that were new or went on.

        All or nothing. What is here already stays; a longer history of the same claim is taken over. Raises
        `EvidenceError` where a line cannot be read, or where a claim has gone on differently here.
        """
        return self.take(import_offers(path))

    def take(self, offers: Sequence[Offer]) -> int:
        """Take in what `exchange.import_offers` read, as `import_file` does."""
        with self._database.writing() as connection:
            return _merge(connection, offers)


# Reading


def _current() -> sa.ColumnElement[bool]:
    """The revision that holds."""
    other = REVISION.alias()
    return REVISION.c.number == (
        sa.select(sa.func.max(other.c.number)).where(other.c.claim == REVISION.c.claim).scalar_subquery()
    )


def _chosen(
    *,
    quantity: str | None = None,
    place: str | None = None,
    side: str | None = None,
    source: str | None = None,
    doc: str | None = None,
    as_of: str | None = None,
    published_by: Day | None = None,
    include_retired: bool = False,
) -> sa.Select[tuple[str]]:
    """Identifiers of the claims that the filters leave."""
    chosen = sa.select(REVISION.c.claim).where(_current())
    equal = {"quantity": quantity, "source_side": side, "source": source, "doc": doc}
    for name, wanted in equal.items():
        if wanted is not None:
            chosen = chosen.where(REVISION.c[name] == plain(wanted))
    if place is not None:
        here = (PLACE.c.claim == REVISION.c.claim) & (PLACE.c.number == REVISION.c.number)
        chosen = chosen.where(sa.exists().where(here, PLACE.c.name == plain(place)))
    if as_of is not None:
        span = period(as_of)
        overlaps = (REVISION.c.as_of_first <= span[1]) & (REVISION.c.as_of_last >= span[0]) if span else None
        chosen = chosen.where(REVISION.c.as_of_first.is_(None) if overlaps is None else overlaps)
    if published_by is not None:
        chosen = chosen.where(REVISION.c.published <= str(as_day(published_by)))
    if not include_retired:
        chosen = chosen.where(~sa.exists().where(RETIREMENT.c.claim == REVISION.c.claim))
    return chosen


def _entries(connection: sa.Connection, chosen: sa.Select[tuple[str]] | Sequence[str]) -> list[Entry]:
    """Entries with these identifiers, in order of addition."""
    if not isinstance(chosen, sa.Select):
        parts = [list(_entries(connection, _named(part))) for part in _parts(chosen)]
        return sorted((entry for part in parts for entry in part), key=lambda entry: entry.added)
    places: dict[tuple[str, int], list[str]] = defaultdict(list)
    for found in connection.execute(sa.select(PLACE).where(PLACE.c.claim.in_(chosen)).order_by(PLACE.c.position)):
        places[found.claim, found.number].append(found.name)
    query = (
        sa.select(CLAIM.c.added, RETIREMENT.c.reason.label("retired"), REVISION)
        .join(REVISION, REVISION.c.claim == CLAIM.c.id)
        .outerjoin(RETIREMENT, RETIREMENT.c.claim == CLAIM.c.id)
        .where(CLAIM.c.id.in_(chosen))
        .order_by(CLAIM.c.added, REVISION.c.number)
    )
    entries: dict[int, Entry] = {}
    for row in connection.execute(query).mappings():
        kept = {name: row[name] for name in KEPT}
        claim = Claim(id=row["claim"], places=tuple(places[row["claim"], row["number"]]), **kept)
        revision = Revision(claim, row["source"], row["reason"])
        earlier = entries[row["added"]].revisions if row["added"] in entries else ()
        entries[row["added"]] = Entry(row["added"], (*earlier, revision), row["retired"])
    return list(entries.values())


def _named(identifiers: Sequence[str]) -> sa.Select[tuple[str]]:
    return sa.select(CLAIM.c.id).where(CLAIM.c.id.in_(identifiers))


def _parts(identifiers: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """So many as a statement can carry."""
    for start in range(0, len(identifiers), size):
        yield identifiers[start : start + size]


def _entry(connection: sa.Connection, identifier: str) -> Entry:
    found = _entries(connection, [plain(identifier)])
    if not found:
        known = connection.scalars(sa.select(CLAIM.c.id).order_by(CLAIM.c.added).limit(1000)).all()
        hint = suggestion(identifier[:MAX_KEY], known) or "; list the claims to see what is"
        raise EvidenceError(f"no claim {identifier!r:.60} is in the ledger{hint}")
    return found[0]


def _live(connection: sa.Connection, identifier: str) -> Entry:
    entry = _entry(connection, identifier)
    if entry.retired is not None:
        raise EvidenceError(
            f"claim {identifier!r:.60} is retired ({entry.retired:.80}); add what holds under another identifier"
        )
    return entry


def _sources(connection: sa.Connection) -> dict[str, ClaimSource]:
    return {row["key"]: ClaimSource(**row) for row in connection.execute(sa.select(SOURCE)).mappings()}


def _resting_on(connection: sa.Connection, key: str) -> Sequence[str]:
    return connection.scalars(sa.select(REVISION.c.claim).where(REVISION.c.source == key).distinct()).all()


def _stored_links(connection: sa.Connection) -> list[Link]:
    added = {row.id: row.added for row in connection.execute(sa.select(CLAIM))}
    found = [Link(row.first, row.second, row.kind) for row in connection.execute(sa.select(LINK))]
    return sorted(found, key=lambda link: (added[link.second], added[link.first], link.kind))


def _links(connection: sa.Connection) -> list[Link]:
    """Links that were made, then those that `dup_of` says."""
    made = _stored_links(connection)
    query = (
        sa.select(REVISION.c.dup_of, REVISION.c.claim)
        .join(CLAIM, CLAIM.c.id == REVISION.c.claim)
        .where(_current(), REVISION.c.dup_of.in_(sa.select(CLAIM.c.id)))
        .order_by(CLAIM.c.added)
    )
    said = [Link(row.dup_of, row.claim, "quote") for row in connection.execute(query)]
    known = {frozenset((link.first, link.second)) for link in made if link.kind == "quote"}
    return made + [link for link in said if frozenset((link.first, link.second)) not in known]


def _seniority(entry: Entry) -> tuple[str, int]:
    """Earlier publication first, then earlier addition: the original before its copy."""
    return entry.claim.published or "9999", entry.added


def _components(identifiers: Collection[str], links: Iterable[Link]) -> dict[str, str]:
    """One name for all claims that links between these lead to."""
    parent = {name: name for name in identifiers}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for link in links:
        if link.first in parent and link.second in parent:
            parent[root(link.second)] = root(link.first)
    return {name: root(name) for name in parent}


# Writing


def _check_names(changes: Mapping[str, object]) -> None:
    known = [*(name for name in FIELDS if name != "id"), "source"]
    if not changes:
        raise EvidenceError("a correction changes at least one field of the claim")
    for name in changes:
        if name not in known:
            raise EvidenceError(f"no field {name!r:.40} of a claim can be corrected{suggestion(name[:40], known)}")


def _merge(connection: sa.Connection, offers: Sequence[Offer]) -> int:
    """Keep what is new in the offers; the number of claims that were new or went on."""
    offers = _valid(offers)
    identifiers = list(dict.fromkeys(offer.revisions[-1].claim.id for offer in offers))
    known = {entry.claim.id: entry for entry in _entries(connection, identifiers)}
    described = _keep_sources(connection, [source for offer in offers for source in offer.sources])
    count = connection.scalar(sa.select(sa.func.count()).select_from(CLAIM)) or 0
    claims: list[dict[str, Any]] = []
    revisions: list[tuple[int, Revision]] = []
    retirements: list[dict[str, str]] = []
    changed: set[str] = set()
    for offer in offers:
        name = offer.revisions[-1].claim.id
        entry = known.get(name) or Entry(count + len(claims) + 1, ())
        news = _settled(_news(entry, offer))
        if not entry.revisions:
            claims.append({"id": name, "added": entry.added})
        revisions += list(enumerate(news, len(entry.revisions) + 1))
        retired = entry.retired
        if retired is None and offer.retired is not None:
            retired = offer.retired
            retirements.append({"claim": name, "reason": retired})
        known[name] = Entry(entry.added, (*entry.revisions, *news), retired)
        if known[name] != entry:
            changed.add(name)
    if count + len(claims) > MAX_LINES:
        raise EvidenceError(f"a ledger keeps at most {MAX_LINES:,} claims; this would make {count + len(claims):,}")
    _keep_sources(connection, [ClaimSource(revision.source) for _, revision in revisions])
    if claims:
        connection.execute(sa.insert(CLAIM), claims)
    _insert_revisions(connection, revisions)
    if retirements:
        connection.execute(sa.insert(RETIREMENT), retirements)
    _keep_links(connection, [link for offer in offers for link in offer.links])
    touched = changed.union(*(_resting_on(connection, key) for key in described))
    _check_sizes(connection, sorted(touched))
    return len(changed)


def _valid(offers: Iterable[Offer]) -> list[Offer]:
    """Offers with every claim as it will be kept. Raises `EvidenceError` for all that cannot be, the first few told."""
    kept, problems = [], []
    for offer in offers:
        try:
            revisions = tuple(dataclasses.replace(each, claim=checked(each.claim)) for each in offer.revisions)
            kept.append(dataclasses.replace(offer, revisions=revisions))
        except EvidenceError as error:
            problems.append(str(error))
    if problems:
        more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise EvidenceError(f"nothing was kept: {'; '.join(problems[:3])}{more}")
    return kept


def _news(entry: Entry, offer: Offer) -> tuple[Revision, ...]:
    """Revisions of an offer that follow on those kept. Raises `EvidenceError` where it tells another history."""
    kept, offered = entry.revisions, offer.revisions
    if not kept:
        return offered
    if len(offered) == 1 and offer.retired is None and any(_same(old, offered[0]) for old in kept):
        return ()
    agree = all(_same(*pair) for pair in zip(kept, offered, strict=False))
    ahead = len(offered) > len(kept)
    if not agree or (ahead and entry.retired is not None):
        raise EvidenceError(_otherwise(entry, offer))
    behind = len(offered) < len(kept) or (entry.retired is not None and entry.retired != offer.retired)
    if behind and offer.retired is not None:
        raise EvidenceError(_otherwise(entry, offer))
    return offered[len(kept) :]


def _same(kept: Revision, offered: Revision) -> bool:
    """One wording: of the source only where one was stated, of the reason only in a history."""
    same_source = offered.source in ("", kept.source)
    return kept.claim == offered.claim and same_source and offered.reason in ("", kept.reason)


def _otherwise(entry: Entry, offer: Offer) -> str:
    old, new = entry.claim.told(), offer.revisions[-1].claim.told()
    differ = [name for name in FIELDS if old[name] != new[name]]
    if not differ:
        differ = ["source" if offer.revisions[-1].source not in ("", entry.source) else "history"]
    return (
        f"claim {entry.claim.id!r} is kept with another {', '.join(differ[:5])}; nothing was kept of this. "
        "Correct the claim that is here, or give the new one another identifier"
    )


def _settled(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """Revisions with the source named that nobody stated."""
    return tuple(dataclasses.replace(each, source=each.source or source_key(each.claim)) for each in revisions)


def _insert_revisions(connection: sa.Connection, revisions: Sequence[tuple[int, Revision]]) -> None:
    lines, places = [], []
    for number, revision in revisions:
        claim = revision.claim
        first, last = period(claim.as_of) or (None, None)
        at = {"claim": claim.id, "number": number}
        kept = {name: getattr(claim, name) for name in KEPT}
        span = {"as_of_first": first, "as_of_last": last}
        lines.append({**at, "reason": revision.reason, "source": revision.source, **kept, **span})
        places += [{**at, "position": position, "name": name} for position, name in enumerate(claim.places)]
    if lines:
        connection.execute(sa.insert(REVISION), lines)
    if places:
        connection.execute(sa.insert(PLACE), places)


def _keep_sources(connection: sa.Connection, sources: Iterable[ClaimSource]) -> list[str]:
    """Keep sources that are new, or were only named so far; keys of those described now and named before.

    Raises `EvidenceError` where one is described otherwise.
    """
    known, described = _sources(connection), []
    for source in dict.fromkeys(sources):
        old = known.get(source.key)
        if old is None:
            connection.execute(sa.insert(SOURCE), dataclasses.asdict(source))
        elif source in (old, ClaimSource(source.key)):
            continue
        elif old != ClaimSource(source.key):
            raise EvidenceError(f"source {source.key!r} is described otherwise here; describe it or leave that out")
        else:
            _update_source(connection, source)
            described.append(source.key)
        known[source.key] = source
    return described


def _update_source(connection: sa.Connection, source: ClaimSource) -> None:
    values = dataclasses.asdict(source)
    connection.execute(sa.update(SOURCE).where(SOURCE.c.key == values.pop("key")).values(values))


def _keep_links(connection: sa.Connection, links: Iterable[Link]) -> int:
    wanted = list(dict.fromkeys(links))
    if not wanted:
        return 0
    known = {(frozenset((link.first, link.second)), link.kind) for link in _stored_links(connection)}
    identifiers = set(connection.scalars(sa.select(CLAIM.c.id)))
    news = []
    for link in wanted:
        _check_link(link, identifiers)
        pair = (frozenset((link.first, link.second)), link.kind)
        if pair not in known:
            known.add(pair)
            news.append(dataclasses.asdict(link))
    if news:
        connection.execute(sa.insert(LINK), news)
        _check_sizes(connection, sorted({link["second"] for link in news}))
    return len(news)


def _check_link(link: Link, identifiers: Collection[str]) -> None:
    if link.kind not in LINK_KINDS:
        hint = suggestion(str(link.kind)[:40], LINK_KINDS)
        raise EvidenceError(f"link kind {link.kind!r:.40} is none of {', '.join(LINK_KINDS)}{hint}")
    if link.first == link.second:
        raise EvidenceError(f"claim {link.first!r:.60} cannot be linked to itself; name two claims")
    for name in (link.first, link.second):
        if name not in identifiers:
            hint = suggestion(name[:MAX_KEY], sorted(identifiers)[:1000])
            raise EvidenceError(f"no claim {name!r:.60} is in the ledger to be linked{hint or '; add it first'}")


def _between(first: str, second: str) -> sa.ColumnElement[bool]:
    one, other = plain(first), plain(second)
    return ((LINK.c.first == one) & (LINK.c.second == other)) | ((LINK.c.first == other) & (LINK.c.second == one))


def _check_sizes(connection: sa.Connection, identifiers: Sequence[str]) -> None:
    """Raises `EvidenceError` where a claim with its history would make a line that no import reads."""
    for row in _told(connection, _entries(connection, identifiers)) if identifiers else ():
        if len(json.dumps(row, ensure_ascii=False).encode()) >= MAX_LINE:
            raise EvidenceError(
                f"claim {row['id']!r} with its history is longer than {MAX_LINE:,} bytes; shorten its texts, or retire "
                "it and add what holds under another identifier"
            )


def _told(connection: sa.Connection, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries as an export tells them."""
    sources = _sources(connection)
    links: dict[str, list[Link]] = defaultdict(list)
    for link in _stored_links(connection):
        links[link.second].append(link)
    return [told(entry, sources, links[entry.claim.id]) for entry in entries]
