# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a C library for a copy of each text and never gives it back."""
import ctypes
import time

libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p
libc.strdup.argtypes = [ctypes.c_char_p]

number = 0
while True:
    for _ in range(30):
        copy = libc.strdup(b"row %d " % number + b"x" * 200)
        ctypes.string_at(copy)
        number += 1
    time.sleep(0.05)
