"""Finding the files that travel beside the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd import resources
from modemd.errors import ModemdError

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", resources.SHIPPED)
def test_a_checkout_reads_the_files_at_its_root(name: str) -> None:
    """In a checkout, what a person edits is what the program reads."""
    assert resources.folder(name) == ROOT / name


def test_a_wheel_reads_the_files_inside_the_package(tmp_path: Path) -> None:
    """An installed package carries its own data, and looks there first."""
    package = tmp_path / "site-packages" / "modemd"
    (package / "_data" / "drivers").mkdir(parents=True)
    (tmp_path / "site-packages" / "drivers").mkdir()
    assert resources.find("drivers", package) == package / "_data" / "drivers"


def test_a_folder_of_another_package_is_not_used(tmp_path: Path) -> None:
    """A folder of the same name beside an installed package belongs to somebody else."""
    package = tmp_path / "modemd"
    package.mkdir()
    (tmp_path / "drivers").mkdir()
    with pytest.raises(ModemdError, match=r"drivers is missing: looked for .*_data/drivers .* reinstall modemd"):
        resources.find("drivers", package)


@pytest.mark.parametrize("name", ["", "..", "modemd", "drivers/generic.toml"])
def test_only_shipped_names_are_answered(name: str) -> None:
    """A name that is not shipped is an error that lists those that are."""
    with pytest.raises(ModemdError, match="it ships drivers, udev, systemd, docs, man"):
        resources.folder(name)
