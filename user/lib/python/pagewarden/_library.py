# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shared library: its types as in <pagewarden.h>, and its errors as OSError."""
import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_uint32, c_uint64, c_void_p

# PAGEWARDEN_LIBRARY names another file, for a library that is not installed.
_lib = ctypes.CDLL(os.environ.get("PAGEWARDEN_LIBRARY") or "libpagewarden.so.0")


class WipeResult(ctypes.Structure):
    """struct pw_wipe_result."""
    _fields_ = [("by", c_uint32), ("reason", c_uint32), ("wiped_bytes", c_uint64),
                ("absent_bytes", c_uint64), ("dirty_bytes", c_uint64),
                ("copies_left_pages", c_uint64), ("swapped_pages", c_uint64),
                ("first_dirty", c_void_p), ("copies_known", c_uint32), ("reserved0", c_uint32),
                ("reserved", c_uint64 * 4)]


class SecretInfo(ctypes.Structure):
    """struct pw_secret_info."""
    _fields_ = [("place", c_uint32), ("protects", c_uint32), ("usable", c_size_t),
                ("gaps", c_char_p), ("reserved", c_uint64 * 4)]


class WatchVerdict(ctypes.Structure):
    """struct pw_watch_verdict."""
    _fields_ = [("verdict", c_uint32), ("reason", c_uint32), ("pages_clean", c_uint64),
                ("pages_dirty", c_uint64), ("pages_mapped", c_uint64),
                ("pages_swapped", c_uint64), ("pages_copied", c_uint64), ("pages_held", c_uint64),
                ("pages_unknown", c_uint64), ("pages_absent", c_uint64),
                ("pages_scrubbed", c_uint64), ("dirty_bytes", c_uint64),
                ("first_dirty", c_void_p), ("reserved", c_uint64 * 4)]


# enum pw_secret_place and enum pw_secret_protects
PLACES = {"arena": 1, "memfd_secret": 2, "mlock": 4}
PROTECTIONS = {"swap": 1, "core dump": 2, "fork": 4, "others": 8, "kill": 16, "kernel reads": 32,
               "overrun": 64}


def _declare(name, result, *arguments):
    function = getattr(_lib, name)
    function.restype = result
    function.argtypes = arguments
    return function


_wipe = _declare("pw_wipe", c_int, c_void_p, c_size_t, POINTER(WipeResult))
_alloc = _declare("pw_secret_alloc", c_int, c_size_t, c_uint, POINTER(c_void_p),
                  POINTER(SecretInfo))
_free = _declare("pw_secret_free", c_int, c_void_p)
_watch = _declare("pw_secret_watch", c_int, c_void_p, c_size_t, c_uint, c_char_p,
                  POINTER(c_void_p))
_unwatch = _declare("pw_secret_unwatch", c_int, c_void_p, POINTER(WatchVerdict))
_strerror = _declare("pw_strerror", c_char_p, c_int)
_by_name = _declare("pw_by_name", c_char_p, c_uint32)
_place_name = _declare("pw_secret_place_name", c_char_p, c_uint32)
_verdict_name = _declare("pw_verdict_name", c_char_p, c_uint32)
_reason_text = _declare("pw_reason_text", c_char_p, c_uint32)


def _checked(result):
    if result < 0:
        raise OSError(-result, _strerror(result).decode())


def wipe_at(address, size):
    """pw_wipe(): its result as a WipeResult."""
    result = WipeResult()
    _checked(_wipe(address, size, byref(result)))
    return result


def alloc(size, places):
    """pw_secret_alloc(): (address, SecretInfo)."""
    address, info = c_void_p(), SecretInfo()
    _checked(_alloc(size, places, byref(address), byref(info)))
    return address.value, info


def free(address):
    """pw_secret_free(), which wipes first."""
    _checked(_free(address))


def watch_at(address, size, flags, label):
    """pw_secret_watch(): a handle for unwatch()."""
    handle = c_void_p()
    _checked(_watch(address, size, flags, label, byref(handle)))
    return handle


def unwatch(handle):
    """pw_secret_unwatch(): its WatchVerdict."""
    verdict = WatchVerdict()
    _checked(_unwatch(handle, byref(verdict)))
    return verdict


def by_name(by):
    return _by_name(by).decode()


def place_name(place):
    return _place_name(place).decode()


def verdict_name(verdict):
    return _verdict_name(verdict).decode()


def reason_text(reason):
    return _reason_text(reason).decode()


def exported(buffer):
    """A ctypes array over a writable contiguous buffer. While it lives, the buffer can't move."""
    size = memoryview(buffer).nbytes
    try:
        return (ctypes.c_char * size).from_buffer(buffer)
    except (TypeError, BufferError) as e:
        raise TypeError(f"{type(buffer).__name__} is not writable memory in one piece: {e}") from e


def wipe(buffer):
    """Wipes a writable buffer and checks it. Returns how: "module" or "explicit_bzero".

    OSError (EIO) where bytes read back as something else.
    """
    memory = exported(buffer)
    return by_name(wipe_at(ctypes.addressof(memory), len(memory)).by)
