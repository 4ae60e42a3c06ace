# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watching a buffer with the kernel module."""
import ctypes

from . import _library

HOLD = 1  # PW_WATCH_HOLD: the pages are pinned, so the verdict is certain
SCRUB = 2  # PW_WATCH_SCRUB: with HOLD, wiped after they went


class Watch:
    """A watch; a context manager. After it: `verdict`, `reason` and `counts`."""

    def __init__(self, buffer, label, flags):
        # Keeps the buffer where it is: a bytearray can't be resized meanwhile.
        self._memory = _library.exported(buffer)
        self.verdict = self.reason = self.counts = None
        self._handle = _library.watch_at(ctypes.addressof(self._memory), len(self._memory), flags,
                                         label.encode("utf-8", "replace"))

    def end(self):
        """Looks a last time and ends the watch; returns the verdict, e.g. "clean" or "dirty"."""
        if self._handle:
            handle, self._handle = self._handle, None
            self._memory, memory = None, self._memory
            result = _library.unwatch(handle)
            del memory
            self.verdict = _library.verdict_name(result.verdict)
            self.reason = _library.reason_text(result.reason)
            self.counts = {name: getattr(result, name) for name, _ in result._fields_
                           if name.startswith("pages_") or name == "dirty_bytes"}
        return self.verdict

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.end()

    def __del__(self):
        if getattr(self, "_handle", None):
            try:
                self.end()
            except OSError:
                pass  # a forked child's copy, or the descriptor was closed: it has ended


def watch(buffer, label="", flags=HOLD):
    """Watches the memory of a writable buffer with the kernel module.

    OSError: ENODEV the module isn't loaded, EACCES no right to use it, EDQUOT a limit, EOPNOTSUPP
    memory that can't be watched. TypeError: no writable memory.
    """
    return Watch(buffer, label, flags)
