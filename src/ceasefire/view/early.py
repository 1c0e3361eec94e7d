"""Words: what the first wars of a forecast say, in one line."""

from __future__ import annotations

from ceasefire.study.early import Early
from ceasefire.study.summary import wilson
from ceasefire.view.text import clean, number, percent


def line(early: Early) -> str:
    """How often the fighting ends, with how rough that is, and how the ground changes."""
    low, high = (float(end) for end in wilson(early.ended, early.wars))
    least, middle, most = early.gain
    more = "more" if middle >= 0 else "less"
    weeks = "1 week" if early.weeks == 1 else f"{early.weeks} weeks"
    return clean(
        f"After {early.wars} of {early.of:,} wars: the fighting ends within {weeks} in "
        f"{percent(early.ended / early.wars)} of them (95% interval {percent(low)} to {percent(high)}); {early.side} "
        f"holds {number(abs(middle), 2)} km² {more} in the median war, a change between {number(least, 2)} and "
        f"{number(most, 2)} km² in nine of ten."
    )
