"""What is known, and who says so.

`build.build` turns upstream files into a `Store`; a `Vintage` is what the store shows on one day; `Geography` and
`Gazetteer` are the land and its names.
"""

from ceasefire.evidence.error import CeasefireError, EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.series import Series
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage

__all__ = ["CeasefireError", "EvidenceError", "Gazetteer", "Geography", "Series", "Store", "Vintage"]
