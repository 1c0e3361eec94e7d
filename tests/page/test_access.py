"""Everybody can use it: no violation that axe knows of, by keyboard alone, on a screen as small as that of a phone."""

import pytest

VIEWS = ("map", "futures", "deal", "whatif?do=oil.brent%3D50%405", "evidence", "score")
SIZES = ((1440, 900), (1024, 768), (390, 844))
MARK = """() => {
  const able = 'a[href], button, input, select, textarea, summary, iframe, [tabindex]';
  const groups = new Set();
  let count = 0;
  for (const each of document.querySelectorAll(able)) {
    if (each.disabled || each.tabIndex < 0 || !each.checkVisibility({ visibilityProperty: true })) continue;
    if (each.type === 'radio') {
      // Of a group of radios, Tab reaches one; arrows reach the others.
      if (groups.has(each.name)) continue;
      const chosen = [...document.getElementsByName(each.name)].find((one) => one.checked);
      groups.add(each.name);
      (chosen ?? each).dataset.mark = String(count++);
    } else each.dataset.mark = String(count++);
  }
  return count;
}"""
FOCUSED = "() => document.activeElement.dataset.mark ?? null"
NAMED = "(marks) => marks.map((mark) => document.querySelector(`[data-mark='${mark}']`).outerHTML.slice(0, 160))"


def settled(page):
    """Wait until the view has nothing more to come."""
    page.locator("main h2, main h3").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.split("?")[0])
def test_axe_finds_no_violation_and_nothing_runs_over_the_edge(view, visit, browser_page, keep):
    axe_sync = pytest.importorskip("axe_playwright_python.sync_playwright")
    for width, height in SIZES:
        browser_page.set_viewport_size({"width": width, "height": height})
        visit(view)
        browser_page.reload()
        settled(browser_page)
        keep(browser_page, f"{view.split('?')[0]}-{width}")
        found = axe_sync.Axe().run(browser_page)
        assert found.violations_count == 0, f"at {width} × {height}: {found.generate_report()}"
        over = browser_page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{over} pixels too wide at {width} × {height}"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.split("?")[0])
def test_tab_alone_reaches_everything_and_is_never_trapped(view, visit):
    page = visit(view)
    settled(page)
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    count = page.evaluate(MARK)
    assert count > 6
    reached, same, last = set(), 0, None
    for _ in range(2 * count + 40):
        page.keyboard.press("Tab")
        mark = page.evaluate(FOCUSED)
        same = same + 1 if mark == last and mark is not None else 0
        assert same < 8, "the focus is trapped"
        last = mark
        if mark is not None:
            reached.add(mark)
        if len(reached) == count:
            break
    missed = sorted({str(mark) for mark in range(count)} - reached, key=int)
    assert not missed, page.evaluate(NAMED, missed)
