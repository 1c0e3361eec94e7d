from pathlib import Path

import pytest

from ceasefire.view import reference

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", reference.PAGE)
def test_page_is_what_the_code_declares(name):
    kept = (ROOT / reference.PAGES / name).read_text(encoding="utf-8")
    assert kept == reference.PAGE[name](), "run `make reference`"
