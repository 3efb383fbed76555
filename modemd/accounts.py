"""Names of users and groups of this machine, and why a user may not use a path."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path


def user_name(uid: int) -> str:
    """Returns a user's name; the number if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def current_user_name() -> str:
    """Returns the name of the user whose permissions this process has, whatever the environment says."""
    return user_name(os.geteuid())


def group_name(gid: int) -> str:
    """Returns a group's name; the number if it has none. The group of serial ports varies by distribution (dialout, uucp)."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def explain_denial(path: Path) -> str:
    """Returns why this user may not use `path`, by the nearest file or folder that can be seen: whose that is, and what helps."""
    denied, found = _nearest_visible(path)
    owner, group, who = user_name(found.st_uid), group_name(found.st_gid), current_user_name()
    whose = f"{who} may not use it: {denied} belongs to {owner} and group {group}"
    # The group has rights that the others lack: then its members may. Nobody should join the group of root.
    if found.st_mode & stat.S_IRWXG and found.st_gid != 0 and found.st_gid not in (os.getegid(), *os.getgroups()):
        return f"{whose}; use sudo, or join the group (sudo usermod -aG {group} {who}) and log in again"
    return f"{whose}; use sudo -u {owner}"


def _nearest_visible(path: Path) -> tuple[Path, os.stat_result]:
    """Returns the nearest of the path and the folders above it that this user can see. The root folder always can be seen."""
    for each in (path, *path.absolute().parents):
        try:
            return each, each.stat()
        except OSError:
            continue
    return Path("/"), Path("/").stat()
