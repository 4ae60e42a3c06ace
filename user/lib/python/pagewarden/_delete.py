# SPDX-License-Identifier: LGPL-2.1-or-later
"""secure_delete(): wiping what is behind Python objects."""
import array
import ctypes
import sys
import sysconfig
from typing import NamedTuple, Tuple

from . import _library

_POINTER = ctypes.sizeof(ctypes.c_void_p)


class Deleted(NamedTuple):
    """What secure_delete() did. True where the object's memory is wiped."""
    wiped: bool
    by: str  # "module", "explicit_bzero", or "" where nothing was wiped
    unpromised: Tuple[str, ...]  # what may be left, a clause each

    def __bool__(self):
        return self.wiped


def _allocated_of_array(obj):
    # Counts the items that are allocated. (sys.getsizeof() would add the collector's header.)
    return obj.buffer_info()[0], obj.__sizeof__() - obj.__class__.__basicsize__


def _allocated_of_bytearray(obj, address):
    # struct PyByteArrayObject: the header, then ob_alloc, ob_bytes, ob_start.
    header = bytes.__basicsize__ - 1 - _POINTER  # of a variable-size object: bytes without its hash
    if obj.__class__.__basicsize__ < header + 3 * _POINTER:
        return None
    allocated, first, start = (ctypes.c_size_t * 3).from_address(id(obj) + header)
    if allocated != obj.__alloc__() or start != address or not first <= start < first + allocated:
        return None  # another layout
    return first, allocated


def _whole_of(obj, address, size):
    """What the object has allocated, bytes that it does not show included; None: not known."""
    if type(obj) is bytearray and size:
        return _allocated_of_bytearray(obj, address)
    if type(obj) is array.array and size:
        return _allocated_of_array(obj)
    return address, size


def _delete_buffer(obj):
    unpromised = []
    if isinstance(obj, (ctypes._Pointer, ctypes.c_char_p, ctypes.c_wchar_p, ctypes.c_void_p)):
        raise TypeError(f"{type(obj).__name__} is a pointer: pass what it points to")
    memory = _library.exported(obj)
    address, size = ctypes.addressof(memory), len(memory)
    whole = _whole_of(obj, address, size)
    if whole is None:
        unpromised.append("bytes that the object has allocated and does not show")
        whole = address, size
    result = _library.wipe_at(*whole)
    if isinstance(obj, (bytearray, array.array)):
        unpromised.append("older places of the buffer, if it was resized")
    return Deleted(True, _library.by_name(result.by), tuple(unpromised))


def _references(obj):
    return sys.getrefcount(obj)


def _one_reference():
    """What _references() says of an object that one variable has, called as secure_delete() does."""
    def through(obj):
        return _references(obj)
    only = bytes(bytearray(b"one"))
    return through(only)


_ONE = _one_reference()
# CPython with its global lock: free-threaded builds count references elsewhere.
_LAYOUT_KNOWN = (sys.implementation.name == "cpython"
                 and not sysconfig.get_config_var("Py_GIL_DISABLED"))


# Of a string that is not ASCII, seen on one of two characters of two bytes each.
_WIDE_HEADER = sys.getsizeof("".join(["\u20ac", "\u20ad"])) - 3 * 2


def _layout_of_str(obj):
    """Where the characters are: (offset, size), or None where they are elsewhere as well."""
    if obj.isascii():
        empty = sys.getsizeof("") - 1  # the header
        layout = empty, len(obj)
        return layout if sys.getsizeof(obj) == empty + len(obj) + 1 else None
    for kind in (1, 2, 4):
        if sys.getsizeof(obj) == _WIDE_HEADER + (len(obj) + 1) * kind:
            return _WIDE_HEADER, len(obj) * kind
    return None


def _is_interned(obj):
    # struct PyASCIIObject: the header, length, hash, then the state, whose lowest bits say it.
    state = ctypes.c_ubyte.from_address(id(obj) + object.__basicsize__ + 2 * _POINTER).value
    return bool(state & 3)


def _why_shared(obj, references):
    """Why an immutable object must not be written to; "" where it may."""
    if not _LAYOUT_KNOWN:
        return "this Python's objects can't be written to safely"
    if type(obj) not in (bytes, str):
        return "it is of a subclass"
    if len(obj) < 2:
        return "Python shares objects this short"
    if references > _ONE:
        return "something else refers to it"
    if isinstance(obj, str) and _is_interned(obj):
        return "it is interned"
    return ""


_COPIES = "copies that Python made of it"


def _delete_immutable(obj, references):
    why = _why_shared(obj, references)
    if why:
        return Deleted(False, "", (f"the object itself: {why}", _COPIES))
    layout = (bytes.__basicsize__ - 1, len(obj)) if isinstance(obj, bytes) else _layout_of_str(obj)
    if layout is None:
        return Deleted(False, "", ("the object itself: it has an unknown layout or a UTF-8 copy",
                                   _COPIES))
    result = _library.wipe_at(id(obj) + layout[0], layout[1])
    return Deleted(True, _library.by_name(result.by), (_COPIES, "its length and its hash"))


def secure_delete(obj):
    """Wipes the memory of an object and checks it. Returns a Deleted, true where it was wiped.

    Exact for bytearray, array.array, ctypes objects and any writable contiguous
    buffer: what they hold now, spare room included, is zeros afterwards; their
    length stays. For bytes and str it is a best effort: only an object that
    nothing else refers to is overwritten (so pass a variable and forget it), and
    what can't be promised is in `unpromised`.

    TypeError: not writable memory, or a pointer. OSError (EIO): another thread writes there.
    """
    references = _references(obj)  # a statement of its own: arguments beside it would count
    if isinstance(obj, (bytes, str)):
        return _delete_immutable(obj, references)
    return _delete_buffer(obj)
