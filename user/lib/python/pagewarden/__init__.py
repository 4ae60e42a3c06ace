# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets in Python: memory for them, wiping them, and watching them go.

    with pagewarden.secret(32) as key:          # memory that others can't read
        sock.recv_into(key.view)
        print(key.protection)                   # "arena", "memfd_secret" or "mlock"

    with pagewarden.watch(buffer, "password") as w:     # needs the kernel module
        ...
        pagewarden.secure_delete(buffer)
    print(w.verdict)                            # "clean"

A layer over libpagewarden(3). Failures of the library are OSError with its
errno and its remedy. Python itself copies objects freely: keep a secret in the
buffer it was read into, and take slices of memoryviews, not of bytes.
"""
from ._library import PROTECTIONS, wipe
from ._delete import Deleted, secure_delete
from ._secret import Secret, secret
from ._watch import HOLD, SCRUB, Watch, watch

__all__ = ["Deleted", "HOLD", "PROTECTIONS", "SCRUB", "Secret", "Watch", "secret", "secure_delete",
           "watch", "wipe"]
