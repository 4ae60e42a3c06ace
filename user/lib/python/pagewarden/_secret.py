# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory for secrets, as a writable buffer."""
import atexit
import ctypes
import os
import weakref

from . import _library

_live = weakref.WeakSet()


class Secret:
    """What secret() gives; mixed into a ctypes array, so that it is a buffer itself.

    Indexing gives integers, slices are memoryviews of the secret, not copies.
    `view` is a memoryview of it all, for recv_into() and the like.
    """

    def _setup(self, address, size, info):
        self._pid = os.getpid()
        self._wiped = False
        self.protection = _library.place_name(info.place)
        self.protects = frozenset(k for k, bit in _library.PROTECTIONS.items()
                                  if info.protects & bit)
        self.gaps = info.gaps.decode()
        self._size = size
        # When the last view is gone: until then a view must not end in a crash.
        self._finalizer = weakref.finalize(self, _free, address, self._pid)
        self._finalizer.atexit = False
        _live.add(self)

    @property
    def view(self):
        """A writable memoryview of the whole. ValueError when the secret was wiped."""
        if self._wiped:
            raise ValueError("the secret was wiped")
        if self._pid != os.getpid():
            raise ValueError("the secret is the parent process's: a forked child has it not")
        return memoryview(self).cast("B")

    def wipe(self):
        """Wipes it now. Views that are still there read zeros. The block's end does this."""
        if self._wiped or self._pid != os.getpid():
            return
        self._wiped = True
        _live.discard(self)
        _library.wipe_at(ctypes.addressof(self), self._size)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.wipe()

    def __getitem__(self, key):
        return self.view[key]

    def __setitem__(self, key, value):
        self.view[key] = value

    def __iter__(self):
        return iter(self.view)

    def __bytes__(self):
        raise TypeError("bytes of a secret would be a copy that can't be wiped; use view")

    def __repr__(self):
        state = "wiped" if self._wiped else self.protection
        return f"<pagewarden.Secret of {self._size} bytes, {state}>"

    # An object of identity: never compared byte by byte, never copied.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __reduce__(self):
        raise TypeError("a secret can't be pickled or copied")


def _free(address, pid):
    if pid == os.getpid():
        _library.free(address)


@atexit.register
def _wipe_all():
    # Not freed: other code may run after this, with a view in its hand.
    for s in list(_live):
        s.wipe()


def secret(size, places=()):
    """Memory for a secret of `size` bytes, zeros at first; a context manager.

    Wiped at the end of its block, or by wipe(), or with its last reference.
    `.protection` says where it is ("arena" of the kernel module, "memfd_secret",
    "mlock"), `.protects` and `.gaps` what that protects from and what not.
    places: only these will do, e.g. ("arena", "memfd_secret").

    OSError: EDQUOT a limit, ENOMEM, ENODEV and ENOSYS where `places` asks for what is not
    there. ValueError: a size below 1, an unknown place.
    """
    if size < 1:
        raise ValueError("a secret has at least one byte")
    wanted = 0
    for name in (places,) if isinstance(places, str) else places:
        if name not in _library.PLACES:
            raise ValueError(f"unknown place {name!r}; there are: {', '.join(_library.PLACES)}")
        wanted |= _library.PLACES[name]
    address, info = _library.alloc(size, wanted)
    kind = type("Secret", (Secret, ctypes.c_ubyte * size), {"__module__": __name__})
    self = kind.from_address(address)
    self._setup(address, size, info)  # pylint: disable=protected-access
    return self
