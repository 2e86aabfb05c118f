"""How the installed browser is started; it asks nobody for anything."""

import os
import shutil
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def launch_options() -> dict[str, Any]:
    """For Playwright. Raises FileNotFoundError with what to install."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise FileNotFoundError("No browser. Install one with: sudo apt-get install chromium fonts-noto-cjk")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update"]
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": program, "args": quiet + as_root}
