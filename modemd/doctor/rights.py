"""File permissions of a user, decided by a file's mode as the kernel does for all users but root."""

from __future__ import annotations

import os
import pwd
import stat

from modemd.accounts import user_name
from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """User with all of its groups."""

    name: str
    uid: int
    groups: frozenset[int]

    def may_write(self, path: str | os.PathLike[str]) -> bool:
        """Returns whether the user may read and write a folder or a file. OSError if it does not exist."""
        found = os.stat(path)
        if self.uid == os.geteuid():
            return os.access(path, os.R_OK | os.W_OK)  # includes access lists, which the mode does not show
        if self.uid == 0:
            return True
        return self._may_by_mode(found)

    def _may_by_mode(self, found: os.stat_result) -> bool:
        """Decides as path_resolution(7) describes: by the first of owner, group and others that fits."""
        if found.st_uid == self.uid:
            needed = stat.S_IRUSR | stat.S_IWUSR
        elif found.st_gid in self.groups:
            needed = stat.S_IRGRP | stat.S_IWGRP
        else:
            needed = stat.S_IROTH | stat.S_IWOTH
        return found.st_mode & needed == needed


DAEMON_USER = "modemd"


def has_user(name: str) -> bool:
    """Returns whether this machine has such a user."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def current_user() -> User:
    """Returns the user whose permissions count: for root, the daemon's user if there is one."""
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam(DAEMON_USER)
        except KeyError:
            return User("root", 0, frozenset(os.getgroups()))
        return User(user.pw_name, user.pw_uid, frozenset(os.getgrouplist(user.pw_name, user.pw_gid)))
    return User(user_name(os.geteuid()), os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))
