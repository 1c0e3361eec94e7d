"""The schema of the API as a file, from which the types of the page are made.

python -m ceasefire.view.web.schema [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import cast

from ceasefire.evidence import whole
from ceasefire.view.web.app import api
from ceasefire.view.web.site import Site

DEFAULT = Path("frontend") / "openapi.json"


def schema() -> str:
    """The schema as JSON; the same program always writes the same."""
    told = api(cast(Site, None)).openapi()  # routes are declared, and none is called
    told["info"]["version"] = "1"  # of the contract, not of the program
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    whole.write(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT, schema())
