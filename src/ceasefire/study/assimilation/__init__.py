"""Assimilation: a new week of evidence updates wars that are under way, instead of opening them again."""
