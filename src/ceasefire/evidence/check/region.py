"""Where a claim is: towns by any spelling, and larger regions as sets of oblasts or as a sector of the front.

Several oblasts share their name with a city. A bare name means the city, unless the words beside it (`oblast`,
`province`, `the rest of …`, `a third of …`) speak of an area. Spellings of regions are general knowledge (trust D).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim
from ceasefire.evidence.gazetteer import fold
from ceasefire.evidence.geography import Place


@dataclass(frozen=True)
class Region:
    """An area whose holder is a share."""

    name: str
    oblasts: tuple[str, ...] = ()
    sector: str | None = None

    def cells(self, atlas: Atlas) -> NDArray[np.bool_]:
        """[cell] the cell's centre lies in the region."""
        if self.sector is not None:
            return atlas.within_sector(self.sector)
        return atlas.within(self.oblasts)


_DONBAS = ("Donetsk", "Luhansk")
_ANNEXED = ("Donetsk", "Luhansk", "Zaporizhzhia", "Kherson")
_CRIMEA = ("Crimea", "Sevastopol")
_OBLASTS = {
    "Donetsk": "donetsk donetska",
    "Luhansk": "luhansk lugansk luhanska",
    "Zaporizhzhia": "zaporizhzhia zaporizhia zaporozhye zaporizhzhya zaporozhia zaporizhya",
    "Kherson": "kherson",
    "Kharkiv": "kharkiv kharkov",
    "Sumy": "sumy sumi",
    "Dnipropetrovsk": "dnipropetrovsk dnepropetrovsk",
    "Mykolaiv": "mykolaiv nikolaev mykolayiv",
    "Odesa": "odesa odessa",
    "Chernihiv": "chernihiv chernigov",
    "Poltava": "poltava",
    "Kirovohrad": "kirovohrad",
    "Cherkasy": "cherkasy",
}
_ONLY_AREAS = frozenset(("dnipropetrovsk", "dnepropetrovsk", "kirovohrad"))
UKRAINE = Region("Ukraine", tuple(_OBLASTS))
DONBAS = Region("Donbas", _DONBAS)
ANNEXED = Region("the four oblasts that Russia claims to have annexed in 2022", _ANNEXED)
CRIMEA = Region("Crimea with Sevastopol", _CRIMEA)
_NAMED = {
    **dict.fromkeys(("donbas", "donbass", "the donbas", "the donbass", "donbas region", "donbass region"), DONBAS),
    **dict.fromkeys(("crimea", "crimean peninsula", "the crimean peninsula", "crimea peninsula"), CRIMEA),
    **dict.fromkeys(("ukraine", "ukrainian territory", "ukrainian land"), UKRAINE),
}
_AREA = re.compile(r"\b(?:oblast|region|province|peninsula|governorate)\b")
_SECTOR = re.compile(r"\b(?:sector|axis|direction|front)\b")
_TRIM = re.compile(r"\(.*?\)|\b(?:the|oblast|region|province|administrative|s)\b")
_OF_AREA = (
    r"(?:per ?cent|%|all|most|half|third|quarter|fifth|sixth|rest|remainder|remaining|whole|entirety|part|parts|"
    r"percentage|share|bulk|majority|provinces?|regions?|oblasts?) of (?:the )?(?:provinces? of |"
    r"regions? of |oblasts? of )?"
)


def region(name: str, text: str = "") -> Region | None:
    """The region that a name means, given the folded words around it; None where it names a town or nothing known."""
    folded = fold(name)
    if folded in _NAMED:
        return _NAMED[folded]
    bare = " ".join(_TRIM.sub(" ", folded).split())
    if bare in _NAMED:
        return _NAMED[bare]
    for oblast, spellings in _OBLASTS.items():
        if bare in spellings.split():
            if bare in _ONLY_AREAS or _AREA.search(folded) or _speaks_of_area(bare, text):
                return Region(f"{oblast} oblast", (oblast,))
            return None
    return None


def _speaks_of_area(bare: str, text: str) -> bool:
    if bare not in text:
        return False
    name = re.escape(bare)
    after = re.search(rf"\b{name}(?:'?s)?(?: and [a-z]+)? (?:oblasts?|regions?|provinces?)\b", text)
    return bool(after or re.search(rf"\b{_OF_AREA}{name}\b(?! city)", text))


def sector(name: str, record: Record) -> Region | None:
    """The sector of the front that is named, as in `the Pokrovsk direction`."""
    folded = fold(name)
    if not _SECTOR.search(folded):
        return None
    for entry in record.geography.sectors:
        if re.search(rf"\b{re.escape(entry.key)}\b", folded):
            return Region(f"the sector {entry.label}", sector=entry.key)
    return None


def regions(claim: Claim, record: Record, text: str) -> list[Region]:
    """Regions that the claim names, of its subject first."""
    found = [region(name, text) or sector(name, record) for name in (claim.subject, *claim.places)]
    return list(dict.fromkeys(entry for entry in found if entry is not None))


KEPT = 20_000
"""Most names, and texts, whose places are remembered."""


def place(name: str, record: Record) -> Place | None:
    """The place of a spelling, or of one that differs only in how Cyrillic was carried over; None where unknown."""
    known: dict[str, Place | None] = record.shelf.setdefault("named", {})
    if name not in known:
        if len(known) >= KEPT:
            known.clear()
        known[name] = _place(name, record)
    return known[name]


def _place(name: str, record: Record) -> Place | None:
    exact, loose = _spellings(record)
    folded = " ".join(re.sub(r"\(.*?\)|\b(?:city|town|village|the|of)\b", " ", fold(name)).split())
    return exact.get(folded) or loose.get(_loose(folded))


def places(claim: Claim, record: Record, text: str) -> list[Place]:
    """Towns that the claim names: its subject, then its places; where it lists none, those in its words."""
    named = [claim.subject, *claim.places]
    found = [place(name, record) for name in named if region(name, text) is None]
    kept = list(dict.fromkeys(entry for entry in found if entry is not None))
    areas = {oblast for name in named if (entry := region(name, text)) is not None for oblast in entry.oblasts}
    return kept or [entry for entry in in_words(claim.span, record) if entry.name not in areas]


def in_words(words: str, record: Record) -> tuple[Place, ...]:
    """Towns named in a text by capitalised words, in order."""
    known: dict[str, tuple[Place, ...]] = record.shelf.setdefault("in words", {})
    if words not in known:
        if len(known) >= KEPT:
            known.clear()
        known[words] = tuple(_in_words(words, record))
    return known[words]


def _in_words(words: str, record: Record) -> dict[Place, None]:
    tokens = list(re.finditer(r"[^\W\d_][\w'’-]*", words))[:400]
    seen: dict[Place, None] = {}
    index = 0
    while index < len(tokens):
        step = 1
        if tokens[index].group()[:1].isupper():
            for size in (3, 2, 1):
                part = tokens[index : index + size]
                entry = place(_without_case(words[part[0].start() : part[-1].end()]), record) if part else None
                if entry is not None:
                    seen.setdefault(entry)
                    step = size
                    break
        index += step
    return seen


def _without_case(text: str) -> str:
    return re.sub(r"['’]s$", "", text)


def _spellings(record: Record) -> tuple[dict[str, Place], dict[str, Place]]:
    if "spellings" not in record.shelf:
        exact: dict[str, Place] = {}
        loose: dict[str, Place] = {}
        for entry in record.gazetteer.places:
            for spelling in (entry.name, *entry.aliases):
                exact.setdefault(fold(spelling), entry)
                if len(spelling) > 5:
                    loose.setdefault(_loose(fold(spelling)), entry)
        record.shelf["spellings"] = (exact, loose)
    found: tuple[dict[str, Place], dict[str, Place]] = record.shelf["spellings"]
    return found


def _loose(folded: str) -> str:
    """A spelling with the choices of transliteration taken out: y as i, g as h, v as w, doubled letters once."""
    plain = folded.replace("kh", "h").replace("ya", "ia").replace("ye", "e").replace("yu", "iu")
    plain = plain.translate(str.maketrans("ygw", "ihv"))
    return re.sub(r"(.)\1+", r"\1", plain)
