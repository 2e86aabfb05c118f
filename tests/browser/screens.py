"""python -m tests.browser.screens: take the pictures of the main pages anew, into docs/screens/ (`make screens`).

Of the demo city in review, served as `make run` serves it, as it is today.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.launching import launch_options
from tests.servers.ports import free_port, listens, stop_process, wait_until

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screens"
PASSWORD = "meguru-demo"


class Screen(NamedTuple):
    """One picture: who looks at what, through a window how large."""

    name: str
    who: str
    path: str
    width: int = 1280
    height: int = 900


SCREENS = [
    Screen("my-work", "lead", "/"),
    Screen("my-work-phone", "lead", "/", width=375, height=800),
    Screen("board", "reviewer", "/board/", width=1440),
    Screen("dashboard", "executive", "/dashboard/", height=1400),
    Screen("dashboard-phone", "executive", "/dashboard/", width=375, height=800),
]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with demo_city() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        for screen in SCREENS:
            take(browser, site, screen)
        browser.close()


@contextmanager
def demo_city() -> Iterator[str]:
    """Its address, as long as the block runs."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="meguru-screens-") as directory:
        environment = {**os.environ, "VAR_DIR": directory, "LOG_LEVEL": "WARNING"}
        environment["SITE_URL"] = f"http://localhost:{port}"
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "--verbosity", "0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        seed = ["seed_demo", "--stage", "review"]
        subprocess.run([sys.executable, "manage.py", *seed], cwd=ROOT, env=environment, check=True)
        serve = [sys.executable, "manage.py", "serve", "--port", str(port)]
        server = subprocess.Popen(serve, cwd=ROOT, env=environment)
        try:
            wait_until(lambda: listens(port), what="the demo city")
            yield environment["SITE_URL"]
        finally:
            stop_process(server)


def take(browser: Browser, site: str, screen: Screen) -> None:
    """Log in, go there, and take the picture of what the window shows."""
    size: ViewportSize = {"width": screen.width, "height": screen.height}
    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport=size)
    page = context.new_page()
    page.goto(f"{site}/login/?next={screen.path}")
    page.fill("[name=username]", screen.who)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{screen.name}.png")
    context.close()


if __name__ == "__main__":
    main()
