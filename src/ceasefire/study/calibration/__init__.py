"""Calibration: what the record teaches of numbers that do not change during a war."""
