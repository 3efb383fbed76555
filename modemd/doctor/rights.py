"""Who may open a file, judged by its mode as the kernel does for anybody but root."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """A user with all groups."""

    name: str
    uid: int
    groups: frozenset[int]

    def may_write(self, path: str | os.PathLike[str]) -> bool:
        """Whether to read and write it, a folder or a file. OSError where it is not there."""
        found = os.stat(path)
        if self.uid == os.geteuid():
            return os.access(path, os.R_OK | os.W_OK)  # knows of access lists, which the mode does not tell
        if self.uid == 0:
            return True
        return self._may_by_mode(found)

    def _may_by_mode(self, found: os.stat_result) -> bool:
        """As path_resolution(7) has it: the first of owner, group and others that fits decides."""
        if found.st_uid == self.uid:
            needed = stat.S_IRUSR | stat.S_IWUSR
        elif found.st_gid in self.groups:
            needed = stat.S_IRGRP | stat.S_IWGRP
        else:
            needed = stat.S_IROTH | stat.S_IWOTH
        return found.st_mode & needed == needed


DAEMON_USER = "modemd"


def current_user() -> User:
    """Whose rights count: root's commands are judged for the daemon's user, where there is one."""
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam(DAEMON_USER)
        except KeyError:
            return User("root", 0, frozenset(os.getgroups()))
        return User(user.pw_name, user.pw_uid, frozenset(os.getgrouplist(user.pw_name, user.pw_gid)))
    return User(user_name(os.geteuid()), os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


def user_name(uid: int) -> str:
    """A user's name; the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """A group's name; the number where it has none. Distributions do not agree on that of serial ports (dialout, uucp, tty)."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
