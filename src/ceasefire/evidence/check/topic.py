"""What figures are about: the topics on record, in the order in which a claim is held against them.

Left out: occupied ground and distances (`ground`), shares of opinion (`poll`).
"""

from __future__ import annotations

from ceasefire.evidence.check.means import AIR_DEFENCE, FORCES, POWER, PRODUCTION, RECRUITS, STOCKS
from ceasefire.evidence.check.money import (
    AID,
    BUDGET,
    EXCHANGE,
    HOME_BUDGET,
    INFLATION,
    ODDS,
    OIL,
    PRICES,
    RATES,
    REVENUE,
)
from ceasefire.evidence.check.toll import LOSSES, STRIKES

TOPICS = (
    STRIKES,
    LOSSES,
    REVENUE,
    PRICES,
    EXCHANGE,
    RATES,
    INFLATION,
    RECRUITS,
    STOCKS,
    PRODUCTION,
    ODDS,
    BUDGET,
    HOME_BUDGET,
    OIL,
    AIR_DEFENCE,
    POWER,
    FORCES,
    AID,
)
"""In the order in which a claim is held against them; the first with a reading of the stated scope answers."""
