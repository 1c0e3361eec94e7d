"""Weights of the mixture, as text."""

from __future__ import annotations

from ceasefire.study.mixture import Past, Weights
from ceasefire.study.score import BANDS, FAMILIES
from ceasefire.view.scoreboard import FAMILIES as NAMES


def text(weights: Weights) -> str:
    """Weights by family and band, and what they were learned from."""
    prior = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(weights.members, weights.prior, strict=True))
    lines = [
        f"Weights for {weights.war}, learned by {weights.cut_off} from {len(weights.origins)} openings",
        f"Prior: {prior}. Forecasts that overlap count less; few of them leave the weights near the prior.",
        "Score: mean CRPS of those forecasts, relative to the pool's; below 1 is better.",
        "",
        f"{'':16}{'weeks':>6}{'forecasts':>11}" + "".join(f"{name:>12}{'score':>8}" for name in weights.members),
    ]
    for name in FAMILIES:
        for weeks in BANDS:
            past = weights.past.get((name, weeks), Past(0.0, ()))
            scores = [f"{score:.2f}" for score in past.scores] or ["–"] * len(weights.members)
            pairs = zip(weights.table[name, weeks], scores, strict=True)
            told = "".join(f"{weight:>12.2f}{score:>8}" for weight, score in pairs)
            lines.append(f"{NAMES[name]:16}{weeks:>6}{past.forecasts:>11.1f}{told}")
    return "\n".join(lines)
