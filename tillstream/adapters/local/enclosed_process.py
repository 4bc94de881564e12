"""A process for one statement: forked from one that has loaded the libraries, and enclosed by a wall of the system.

The system keeps the wall: once it is built, the process opens no file but those below the folders that it was given, no
socket, and starts no other process, whatever runs in it.

On Linux, without root: Landlock takes the files away (from kernel 5.13 on), a seccomp filter the sockets, the other
processes and the calls that reach around Landlock. Both bind the threads that start later and cannot be taken back. On
other systems only the limits of resources apply, where there are any.

Sources: landlock(7), seccomp(2), https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import platform
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import resource

IDLE_SECONDS = 900
"""Without a statement for so long, the process ends; the next statement starts another."""

LANDLOCK, SECCOMP = "landlock", "seccomp"
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Version of Landlock → number of its rights on files; 16 from version 5 on."""
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_ALL_OF_FOLDER = 1 << 1 | _READ_FILE | _READ_FOLDER | 1 << 5 | 1 << 8 | 1 << 14
"""Write and read files, list, remove and make them, cut them off."""
_SET_NO_NEW_PRIVILEGES, _SET_PARENT_DEATH_SIGNAL = 38, 1
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_PERMISSION, _NO_CALL = 1, 38
"""Error numbers: EPERM, ENOSYS."""
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_SAME_THREADS = 0x00010000
"""The flag of clone with which a thread of this process starts, and no other process."""

_CALLS = {
    # name: number on x86-64, on ARM64; None: it has no such call
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "kill": (62, 129), "tkill": (200, 130), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "bpf": (321, 280), "userfaultfd": (323, 282), "perf_event_open": (298, 241),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "mount": (165, 40), "umount2": (166, 39),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432),
    "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51),
    "pivot_root": (155, 41), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104), "swapon": (167, 224), "reboot": (169, 142),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "chmod": (90, None), "fchmod": (91, 52),
    "fchmodat": (268, 53), "chown": (92, None), "fchown": (93, 55), "fchownat": (260, 54), "setxattr": (188, 5),
    "utimensat": (280, 88), "truncate": (76, 45), "prlimit64": (302, 261), "setrlimit": (160, 164),
}  # fmt: skip
_MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}
"""Machine → its column above, its number for the filter, its number of clone."""
_CLONE3 = 435
_FOREIGN = 0x40000000
"""Calls of x86-64 from this number on are those of its 32-bit variant."""


def fork_for_each(number: int, serve: Callable[[BinaryIO, BinaryIO], None]) -> None:
    """Fork a process for each pair of pipes that arrives, and kill those that are not needed any more.

    number: of the socket on which they arrive. serve: what a process does with its pipes, before it ends.
    The system gives the number of a process to another one only after `waitpid`, so no other process can be hit.
    """
    line = socket.socket(fileno=number)
    children: set[int] = set()
    while True:
        if not select.select([line], [], [], IDLE_SECONDS)[0] and not children:
            return
        message, ends, _, _ = socket.recv_fds(line, 16, 2)
        if message[:1] == b"f":
            pid = os.fork()
            if pid == 0:
                line.close()
                with os.fdopen(ends[0], "rb") as tasks, os.fdopen(ends[1], "wb") as answers:
                    try:
                        serve(tasks, answers)
                    finally:
                        os._exit(0)
            for end in ends:
                os.close(end)
            children.add(pid)
            line.send(pid.to_bytes(8, "big"))
        elif message[:1] == b"k":
            pid = int.from_bytes(message[1:], "big")
            if pid in children:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                children.discard(pid)
            line.send(b"k")
        else:  # the portal has ended
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            return


class NotEnclosed(OSError):
    """The wall is not complete."""


def limit_resources(memory: int, seconds: int, file_size: int, open_files: int = 4096) -> None:
    """Limit the memory (bytes of data), the seconds of the processor, the bytes of a file, and the open files.

    Where the system can, the process ends with the one that started it.
    """
    if sys.platform == "win32":
        return
    for name, limit in (
        ("RLIMIT_DATA", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", file_size),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", open_files),
    ):
        kind = getattr(resource, name, None)
        if kind is None or (sys.platform != "linux" and name == "RLIMIT_DATA"):
            continue
        _, most = resource.getrlimit(kind)
        least = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (least, least))
    if sys.platform == "linux":
        _call(ctypes.CDLL(None, use_errno=True).prctl, "prctl", _SET_PARENT_DEATH_SIGNAL, 9, 0, 0, 0)


def enclose(folders: Sequence[Path], scratch: Path | None = None) -> tuple[str, ...]:
    """Build the wall; return what it is made of, nothing where the system has no such thing.

    folders: files below them can be read, and nothing else. scratch: files in it can also be written and removed. The
    process may have one thread only, because Landlock binds the calling thread and those that it starts. Raises
    `NotEnclosed` if it has more, or if the wall fails half way.
    """
    if sys.platform != "linux":
        return ()
    libc = ctypes.CDLL(None, use_errno=True)
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise NotEnclosed("The process has several threads.")
    _call(libc.prctl, "no_new_privs", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    made = []
    rights = dict.fromkeys(folders, _READ_FILE | _READ_FOLDER)
    if _landlock(libc, rights | ({scratch: _ALL_OF_FOLDER} if scratch else {})):
        made.append(LANDLOCK)
    if _seccomp(libc):
        made.append(SECCOMP)
    return tuple(made)


def _landlock(libc: ctypes.CDLL, folders: Mapping[Path, int]) -> bool:
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    files = (1 << _RIGHTS.get(version, 16)) - 1
    sizes = 8 if version < 4 else 16 if version < 6 else 24
    # rights on files; TCP: bind and connect; abstract Unix sockets and signals
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", files, 0b11, 0b11)[:sizes], sizes)
    rules = _call(libc.syscall, "landlock", _CREATE, attributes, ctypes.c_size_t(sizes), ctypes.c_uint32(0))
    for folder, rights in folders.items():
        opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights & files, opened), 12)
        _call(libc.syscall, "landlock", _ADD, rules, 1, rule, 0)
        os.close(opened)
    _call(libc.syscall, "landlock", _RESTRICT, rules, 0)
    os.close(rules)
    return True


def _seccomp(libc: ctypes.CDLL) -> bool:
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    column, architecture, clone = machine
    refused = [number for numbers in _CALLS.values() if (number := numbers[column]) is not None]
    steps = [
        (_LOAD, 0, 0, 4),
        *((_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)),
        (_LOAD, 0, 0, 0),
        *((_AT_LEAST, 0, 1, _FOREIGN), (_RETURN, 0, 0, _KILL)),
        *(step for number in refused for step in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | _PERMISSION))),
        # its flags are in memory, where a filter cannot look: the C library then uses clone
        *((_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _REFUSE | _NO_CALL)),
        *((_EQUAL, 0, 3, clone), (_LOAD, 0, 0, 16), (_ANY_BIT, 1, 0, _SAME_THREADS)),
        *((_RETURN, 0, 0, _REFUSE | _PERMISSION), (_RETURN, 0, 0, _ALLOW)),
    ]
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(program, len(program))
    described = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    return bool(libc.prctl(22, 2, described, 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _call(function: "ctypes._NamedFuncPointer", what: str, *arguments: object) -> int:
    answer = int(function(*arguments))
    if answer < 0:
        number = ctypes.get_errno()
        raise NotEnclosed(number, f"{what}: {os.strerror(number)}")
    return answer
