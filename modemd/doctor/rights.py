"""File permissions of a user, decided by a file's mode as the kernel does for all users but root."""

from __future__ import annotations

import os
import pwd

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
        return self._may_by_mode(found, os.R_OK | os.W_OK)

    def may_read(self, path: str | os.PathLike[str]) -> bool:
        """Returns whether the user may read a file. OSError if it does not exist."""
        found = os.stat(path)
        if self.uid == os.geteuid():
            return os.access(path, os.R_OK)
        return self.uid == 0 or self._may_by_mode(found, os.R_OK)

    def _may_by_mode(self, found: os.stat_result, wanted: int) -> bool:
        """Decides as path_resolution(7) describes: by the first of owner, group and others that fits. `wanted`: of os.R_OK and
        os.W_OK, which are the bits of others."""
        if found.st_uid == self.uid:
            needed = wanted << 6
        elif found.st_gid in self.groups:
            needed = wanted << 3
        else:
            needed = wanted
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
