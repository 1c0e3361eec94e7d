"""ceasefire: when, where and on what terms a war may end."""

from importlib import import_module
from typing import Any

_HOME = {
    "CeasefireError": "evidence.error",
    "Store": "evidence.store",
    "Vintage": "evidence.vintage",
    "Scenario": "scenario.spec",
    "scenarios": "scenario.spec",
    "load_scenario": "scenario.spec",
    "variables": "scenario.start",
    "forecast": "study.forecast",
    "replay": "study.replay",
    "whatif": "study.whatif",
    "sweep": "study.sweep",
    "zone": "study.zone",
    "fit": "study.fit",
    "bargaining": "study.bargaining",
    "ablate": "study.ablate",
    "explain": "study.explain",
    "summarise": "study.summary",
    "load": "simulate.result",
    "write": "view.export",
}
_RENAMED = {"load_scenario": "load", "write": "write_result"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import ceasefire` is fast."""
    if name not in _HOME:
        raise AttributeError(f"module 'ceasefire' has no attribute {name!r}; it has {', '.join(__all__)}")
    home = import_module(f"ceasefire.{_HOME[name]}")
    return home if name == "bargaining" else getattr(home, _RENAMED.get(name, name))


def __dir__() -> list[str]:
    return list(__all__)
