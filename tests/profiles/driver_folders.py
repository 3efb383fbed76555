"""Folders of drivers for tests."""

from __future__ import annotations

from pathlib import Path

GENERIC = """
title = "any modem"
[at]
init = ["E0"]
iccid = ["+CCID"]
[time]
send_timeout_s = 90
[match]
manufacturer = "nobody"
[source]
source = "the standard"
"""
ACME = """
title = "Acme sticks"
[match]
manufacturer = "acme"
model = "^AC-[0-9]+$"
usb = ["12d1:1506"]
[at]
init = ["E0", "Z"]
quirks = ["cnma-after-report"]
[time]
guard_s = 1
[errors]
512 = "soon"
[source]
unverified = true
"""


def folder(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.toml").write_text(text, encoding="utf-8")
    return path
