# SPDX-License-Identifier: Apache-2.0
"""For the error rig: which errors each call can meet, and how."""
FULL_DISK = ("ENOSPC", "EDQUOT")
BURST = 20      # calls in a row that a signal interrupts; for ever would be an endless loop, and rightly so

# call: (errors before anything is done, errors although all is done, whether a part may be transferred)
CALLS = {
    "open": (("EIO", "EMFILE", "ENOMEM", "EINTR"), (), False),
    "openat": (("EIO", "EMFILE", "ENOMEM", "EROFS", "EINTR"), (), False),
    "create": (("EIO", "EROFS", "EMFILE", *FULL_DISK), (), False),
    "opendir": (("EIO", "ENOMEM"), (), False),
    "readdir": (("EIO",), (), False),
    "fopen": (("EIO", "ENOMEM"), (), False),
    "read": (("EIO", "EINTR", "ENOMEM"), (), True),
    "pread": (("EIO", "EINTR", "ENOMEM"), (), True),
    "write": (("EIO", "ENOSPC", "EINTR"), (), True),
    "pwrite": (("EIO", "EROFS", "EINTR", *FULL_DISK), ("EIO",), True),
    "writev": (("EIO", "ENOSPC", "EINTR"), (), False),
    "ftruncate": (("EIO", "EROFS", "EINTR", *FULL_DISK), ("EIO",), False),
    "fsync": (("EIO", "EROFS", "EINTR", *FULL_DISK), ("EIO", "ENOSPC"), False),
    "fdatasync": (("EIO", "EROFS", "EINTR", *FULL_DISK), ("EIO", "ENOSPC"), False),
    "close": ((), ("EIO", "EINTR", "ENOSPC"), False),
    "mkdir": (("EIO", "EROFS", *FULL_DISK), (), False),
    "rename": (("EIO", "EROFS", *FULL_DISK), ("EIO",), False),
    "unlink": (("EIO", "EROFS"), (), False),
    "rmdir": (("EIO",), (), False),
    "fchmod": (("EIO", "EROFS"), (), False),
    "fstat": (("EIO", "ENOMEM"), (), False),
    "stat": (("EIO", "ENOMEM"), (), False),
    "fstatat": (("EIO", "ENOMEM"), (), False),
    "statx": (("EIO", "ENOMEM"), (), False),
    "fstatfs": (("EIO", "EINTR"), (), False),
    "access": (("EIO", "ENOMEM"), (), False),
    "readlink": (("EIO", "ENOMEM"), (), False),
    "realpath": (("EIO",), (), False),
    "getcwd": (("ENOMEM",), (), False),
    "fcntl": (("EIO", "ENOLCK", "EINTR"), (), False),
    "mmap": (("ENOMEM", "EACCES"), (), False),
    "mprotect": (("ENOMEM",), (), False),
    "madvise": (("ENOMEM",), (), False),
    "mlock": (("ENOMEM", "EPERM"), (), False),
    "poll": (("EINTR", "ENOMEM", "EIO"), (), False),
    "socketpair": (("EMFILE", "ENOMEM"), (), False),
    "socket": (("EMFILE", "ENOBUFS"), (), False),
    "connect": (("EIO", "EINTR", "ENETUNREACH"), (), False),
    "bind": (("ENOMEM",), (), False),
    "getsockopt": (("ENOMEM",), (), False),
    "setsockopt": (("ENOMEM",), (), False),
    "getsockname": (("ENOBUFS",), (), False),
    "getpeername": (("ENOBUFS",), (), False),
    "send": (("EIO", "ENOMEM", "EINTR", "ECONNRESET"), (), True),
    "recv": (("EIO", "ENOMEM", "EINTR", "ECONNRESET"), (), True),
    "sendmsg": (("EIO", "ENOMEM", "EINTR", "EPIPE"), (), False),
    "recvmsg": (("EIO", "EINTR"), (), False),
    "posix_spawn": (("EAGAIN", "ENOMEM", "EIO"), (), False),
    "waitpid": (("EINTR", "ECHILD"), (), False),
    "dup2": (("EIO", "EINTR"), (), False),
    "close_range": (("EIO",), (), False),
}

# A whole disk that fails: every call that changes something, or every call of the file system, from one on.
CHANGING = "pwrite+create+ftruncate+fsync+fdatasync+mkdir+rename+unlink"
DISKS = ((CHANGING, "EIO"), (CHANGING, "EROFS"), ("pwrite+create+ftruncate+mkdir", "ENOSPC"),
         ("pwrite+create+ftruncate+mkdir", "EDQUOT"), (CHANGING + "+pread+open+openat+fstat+stat", "EIO"))


def faults_of(name):
    """(error, how, whether it goes on) for one call of that name."""
    before, after, partial = CALLS[name]
    for on in (False, True):
        yield from ((error, "before", on) for error in before)
        yield from ((error, "after", on) for error in after)
        if partial:
            yield from (("short", how, on) for how in ("half", "one"))


def last_of(first, error, on, ever):
    if not on:
        return first
    return first + BURST - 1 if error == "EINTR" else ever
