"""Where the files that travel beside the code are found: drivers, udev rules, units, the example configuration.

In a checkout they stand at the repository root, where a person edits them; a wheel carries them inside the package as
`modemd/_data/`. An editable install runs the checkout's own package, so it reads the checkout's own files: the snapshot
of `_data` that such an install leaves in site-packages stands beside no `modemd/resources.py` and is never looked at.
"""

from __future__ import annotations

from pathlib import Path

from modemd.errors import ModemdError

SHIPPED = ("drivers", "udev", "systemd", "config.example.yaml")


def folder(name: str) -> Path:
    """The folder (or, for `config.example.yaml`, the file) called `name`, one of `SHIPPED`.

    Raises ModemdError when `name` is not shipped, or the installation lost it.
    """
    return find(name, Path(__file__).resolve().parent)


def find(name: str, package: Path) -> Path:
    """As `folder`, for the modemd package that lies at `package`."""
    if name not in SHIPPED:
        raise ModemdError(f"no data called {name!r} comes with modemd; there are {', '.join(SHIPPED)}")
    installed = package / "_data" / name
    if installed.exists():
        return installed
    root = package.parent
    in_checkout = root / name
    # site-packages may hold a stranger's folder called `drivers`: only a checkout has the project file.
    if (root / "pyproject.toml").is_file() and in_checkout.exists():
        return in_checkout
    raise ModemdError(
        f"{name} is missing: looked for {installed} and, as in a checkout, {in_checkout}; reinstall modemd"
    )
