"""Paths of the files that modemd ships beside its code: drivers, udev rules, units, documentation, the example configuration.

In a checkout they are at the repository root, where a person edits them; a wheel has them inside the package, as
`modemd/_data/`. An editable install runs the checkout's own package, so it reads the checkout's own files: the copy of
`_data` that such an install leaves in site-packages is not beside a `modemd/resources.py`, and is never read.
"""

from __future__ import annotations

from pathlib import Path

from modemd.errors import ModemdError

SHIPPED = ("drivers", "udev", "systemd", "docs", "man", "config.example.yaml")


def folder(name: str) -> Path:
    """Returns the path of the folder (or, for `config.example.yaml`, of the file) `name`, one of `SHIPPED`.

    ModemdError if `name` is not shipped, or is missing in the installation.
    """
    return find(name, Path(__file__).resolve().parent)


def find(name: str, package: Path) -> Path:
    """Returns as `folder`, for the modemd package at `package`."""
    if name not in SHIPPED:
        raise ModemdError(f"modemd does not ship {name!r}; it ships {', '.join(SHIPPED)}")
    installed = package / "_data" / name
    if installed.exists():
        return installed
    root = package.parent
    in_checkout = root / name
    # site-packages may have a folder `drivers` of another package: only a checkout has the project file.
    if (root / "pyproject.toml").is_file() and in_checkout.exists():
        return in_checkout
    raise ModemdError(
        f"{name} is missing: looked for {installed} and, as in a checkout, {in_checkout}; reinstall modemd"
    )
