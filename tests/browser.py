"""A page of a real browser, for what only one can tell."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["browser_page"]

_LONGEST_MS = 30_000


@contextmanager
def browser_page() -> Iterator[Any]:
    """An empty page of a headless Chromium: the one that ORCHESTRA_CHROMIUM names, else one on the path.

    Without a browser, or without what drives it, the test is skipped: `nox -s docs` fetches both.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = os.environ.get("ORCHESTRA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on the path; ORCHESTRA_CHROMIUM names none")
    with sync_api.sync_playwright() as driver:
        options = ["--no-sandbox", "--no-zygote", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=program, args=options, timeout=_LONGEST_MS)
        try:
            page = browser.new_page()
            page.set_default_timeout(_LONGEST_MS)
            yield page
        finally:
            browser.close()
