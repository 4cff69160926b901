"""Each view of the live page in light, in dark and on a phone: pictures for a person, and what axe says of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import boxwright as library
from page_support import Server, chromium, needs_browser

pytestmark = [needs_browser, pytest.mark.slow]
pytest.importorskip("starlette", reason="boxwright[serve] is not installed")

PICTURES = Path(__file__).parents[1] / "build" / "screenshots"
"""Ignored by git."""

MODES = {
    "light": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
VIEWS = {
    "studies": "/",
    "compare": "/compare",
    "overview": "/s/study/",
    "runs": "/s/study/runs?fc=status&fs=%3D&fv=SUCCESS",
    "run": "/s/study/runs/2?with=1",
    "crashed": "/s/study/runs/3",
    "file": "/s/study/runs/2/file/stdout.log",
    "chart": "/s/study/charts?kind=two",
    "parallel": "/s/study/charts?kind=parallel",
    "events": "/s/study/events",
    "scenario": "/s/study/scenario",
    "question": "/s/study/do/stop-now",
    "mistake": "/s/study/runs?sort=nothing",
}
SCRIPT = """
for epoch in 1 2 3 4; do echo "loss: 0.$((9 - epoch))"; done
test "$BOXWRIGHT_TRIAL" != 3 || { echo "out of memory" >&2; exit 1; }
echo "Result of algorithm run: SUCCESS, 0.1, 1, 0.$BOXWRIGHT_TRIAL, 0"
"""
SPACE = 'x = { type = "float", lower = 0, upper = 1 }\nact = { type = "categorical", choices = ["relu", "elu"] }\n'


def axe_script(folder: Path) -> str:
    """Return axe-core's script, fetched by npm; empty where that is not to be had."""
    npm = shutil.which("npm")
    if npm is None:
        return ""
    words = [npm, "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", str(folder), "axe-core@4"]
    subprocess.run(words, check=False, timeout=120, capture_output=True)
    script = folder / "node_modules/axe-core/axe.min.js"
    return script.read_text("utf-8") if script.is_file() else ""


def test_every_view_fits_its_screen_and_axe_finds_nothing_serious(
    make_scenario: Callable[..., Path], tmp_path: Path
) -> None:
    scenario = make_scenario(SCRIPT, space=SPACE, design='[design]\nkind = "monte-carlo"\nruns = 30\n')
    studies = [library.run(scenario, study=tmp_path / name, slots=2)[0] for name in ("study", "other")]
    PICTURES.mkdir(parents=True, exist_ok=True)
    axe = axe_script(tmp_path)
    wrong: list[str] = []
    note = wrong.append
    with Server(*studies) as server, chromium() as browser:
        server.sign_in()
        name, _, value = server.cookie.partition("=")
        for mode, options in MODES.items():
            context = browser.new_context(bypass_csp=bool(axe), **options)  # type: ignore[arg-type]
            context.add_cookies([{"name": name, "value": value, "url": server.base}])
            page = context.new_page()
            page.on("pageerror", lambda error: note(f"a script failed: {error}"))
            for view, path in VIEWS.items():
                page.goto(server.base + path)
                if page.locator(".plot").count():
                    page.locator(".main-svg").first.wait_for()
                width, screen = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
                if width > screen:
                    wrong.append(f"{view} ({mode}) is {width} wide on a screen of {screen}")
                page.screenshot(path=PICTURES / f"{view}-{mode}.png", full_page=True)
                if axe:
                    page.evaluate(f"() => {{ {axe} }}")
                    found = page.evaluate("() => axe.run({ exclude: [['.plot']] })")
                    wrong += [
                        f"{view} ({mode}): {each['id']}: {each['nodes'][0]['html'][:200]}"
                        for each in found["violations"]
                        if each["impact"] in ("serious", "critical")
                    ]
            context.close()
    assert not wrong, "\n".join(wrong)
    if not axe:
        pytest.skip("AXE HAS NOT LOOKED AT THE LIVE PAGE: npm could not fetch axe-core; all else is well")
