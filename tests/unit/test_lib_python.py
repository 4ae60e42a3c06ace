#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python package over the library of the build, where the module is not loaded."""
import array
import ctypes
import errno
import gc
import mmap
import os
import pickle
import signal
import sys
import threading

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "lib")]
from check import BUILD, ROOT, check, finish, skip  # noqa: E402

os.environ["PAGEWARDEN_LIBRARY"] = os.path.join(BUILD, "user/lib/libpagewarden.so.0")
sys.path[:0] = [os.path.join(ROOT, "user/lib/python")]
import pagewarden  # noqa: E402

MODULE = os.path.exists("/dev/pagewarden")
PAGE = mmap.PAGESIZE


def raises(kind, function, *args, number=None, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as e:
        return number is None or e.errno == number
    return False


def child(function):
    """What a forked child returns of function(): its status as os.waitpid() gives it."""
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        try:
            os._exit(function() or 0)
        except BaseException as e:  # pylint: disable=broad-except
            print(f"# the child: {e!r}", flush=True)
            os._exit(99)
    return os.waitpid(pid, 0)[1]


# ---- secret ------------------------------------------------------------------

with pagewarden.secret(48) as key:
    check("a secret is zeros at first", bytes(key.view) == bytes(48))
    check("it says where it is", key.protection in ("arena", "memfd_secret", "mlock"))
    check("it says what that lacks", key.gaps.startswith("not protected from"))
    check("it is protected from swap", "swap" in key.protects)
    key[:4] = b"abcd"
    key[4] = 7
    check("slices are memory of its own", isinstance(key[:4], memoryview) and bytes(key[:5]) == b"abcd\x07")
    check("it has a length", len(key) == 48)
    check("it is a buffer", memoryview(key).nbytes == 48 and not memoryview(key).readonly)
    r, w = os.pipe()
    os.write(w, b"from a pipe")
    with os.fdopen(r, "rb", buffering=0) as f:
        check("a file reads into it", f.readinto(key.view) == 11 and bytes(key[:11]) == b"from a pipe")
    os.close(w)
    check("bytes() would copy it", raises(TypeError, bytes, key))
    check("pickle would copy it", raises(TypeError, pickle.dumps, key))
    check("its repr does not tell it", "pipe" not in repr(key) and "112" not in repr(key))
    kept = key[:11]
check("it is wiped after the block", bytes(kept) == bytes(11))
check("it gives no view then", raises(ValueError, lambda: key.view))
del key
gc.collect()
check("a view that was kept still reads zeros", bytes(kept) == bytes(11))
kept = None

s = pagewarden.secret(3)
s[:] = b"xyz"
view = s.view
try:
    with s:
        raise KeyError
except KeyError:
    pass
check("an exception wipes it too", bytes(view) == bytes(3))
del s, view

check("no size below one", raises(ValueError, pagewarden.secret, 0) and raises(ValueError, pagewarden.secret, -1))
check("no size beyond memory", raises(OSError, pagewarden.secret, 1 << 46, number=errno.ENOMEM))
check("no unknown place", raises(ValueError, pagewarden.secret, 1, ["attic"]))
check("a place can be asked for", pagewarden.secret(1, "mlock").protection == "mlock")
if MODULE:
    check("the arena, if asked for", pagewarden.secret(1, ["arena"]).protection == "arena")
else:
    check("the arena needs the module", raises(OSError, pagewarden.secret, 1, ["arena"], number=errno.ENODEV))
    try:
        pagewarden.secret(1, ["arena"])
    except OSError as e:
        check("the error names the remedy", "modprobe pagewarden" in str(e), str(e))


def in_child_of_a_secret():
    check_failed = not raises(ValueError, lambda: live.view)
    with live:  # its end must not touch memory that is not there
        pass
    with pagewarden.secret(5) as own:
        own[:] = b"child"
    return 1 if check_failed else 0


for place in ("memfd_secret", "mlock"):
    try:
        live = pagewarden.secret(10, [place])
    except OSError as e:
        skip(f"a forked child of {place}", str(e))
        continue
    live[:] = b"0123456789"
    check(f"a forked child is kept off a secret in {place}", child(in_child_of_a_secret) == 0)
    check(f"the parent's in {place} is as it was", bytes(live.view) == b"0123456789")
    del live


def churn():
    for i in range(200):
        with pagewarden.secret(i + 1) as x:
            x[i] = 1
    done.append(1)


done = []
threads = [threading.Thread(target=churn) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
check("threads have secrets", len(done) == 4)


def mapped():
    with open("/proc/self/maps", encoding="ascii", errors="replace") as f:
        return sum("secretmem" in line or "/dev/pagewarden" in line for line in f)


gc.collect()
check("what is gone is unmapped", mapped() == 0, f"{mapped()} mappings")

# ---- secure_delete: exact ------------------------------------------------------

b = bytearray(b"top secret")
d = pagewarden.secure_delete(b)
check("a bytearray is zeros, of the same length", b == bytes(10) and d and d.by in ("module", "explicit_bzero"))
check("what can't be promised is said", any("resized" in u for u in d.unpromised))

b = bytearray(b"S" * 5000)
address = ctypes.addressof((ctypes.c_char * 5000).from_buffer(b))
b[4000:] = b""      # the tail stays behind in the spare room
b[:1000] = b""      # and so does the head
allocated = b.__alloc__()
d = pagewarden.secure_delete(b)
left = ctypes.string_at(address, allocated).count(b"S")
check("the spare room of a bytearray too", left == 0 and not any("does not show" in u for u in d.unpromised),
      f"{left} bytes left, {d}")
check("an empty bytearray", pagewarden.secure_delete(bytearray()).wiped)

a = array.array("q", [0x5353535353535353] * 500)
address = a.buffer_info()[0]
for _ in range(5):
    a.pop()
same = a.buffer_info()[0] == address
d = pagewarden.secure_delete(a)
check("an array", d.wiped and a == array.array("q", [0] * 495))
if same:
    check("the spare room of an array too", b"S" not in ctypes.string_at(address, 500 * 8))

buffer = ctypes.create_string_buffer(b"secret", 16)
check("a ctypes buffer", pagewarden.secure_delete(buffer) and buffer.raw == bytes(16))
number = ctypes.c_uint64(77)
check("a ctypes number", pagewarden.secure_delete(number) and number.value == 0)


class Pair(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]


pair = Pair(1, 2.0)
check("a ctypes structure", pagewarden.secure_delete(pair) and (pair.x, pair.y) == (0, 0.0))
check("a pointer is refused", raises(TypeError, pagewarden.secure_delete, ctypes.pointer(number)) and
      raises(TypeError, pagewarden.secure_delete, ctypes.c_char_p(b"x")))

b = bytearray(b"0123456789")
check("a part by a memoryview", pagewarden.secure_delete(memoryview(b)[2:5]) and b == b"01\0\0\x0056789")
check("read-only memory is refused", raises(TypeError, pagewarden.secure_delete, memoryview(b"abc")))
check("memory in pieces is refused", raises(TypeError, pagewarden.secure_delete, memoryview(b)[::2]) and b[9] == 0x39)
check("what is no buffer is refused", raises(TypeError, pagewarden.secure_delete, 3) and
      raises(TypeError, pagewarden.secure_delete, ["x"]))
m = mmap.mmap(-1, 3 * PAGE)
m[:] = b"M" * (3 * PAGE)
check("a mapping", pagewarden.secure_delete(m) and m[:] == bytes(3 * PAGE))
m.close()
check("wipe() says how", pagewarden.wipe(bytearray(b"abc")) in ("module", "explicit_bzero"))

# ---- secure_delete: best effort --------------------------------------------------


def made(kind, n=24):
    """A fresh object that nothing else refers to."""
    raw = bytearray(os.urandom(n // 2).hex().encode())
    return bytes(raw) if kind is bytes else raw.decode("ascii")


def characters(obj, size):
    offset = bytes.__basicsize__ - 1 if isinstance(obj, bytes) else sys.getsizeof(obj) - size - size // len(obj)
    return ctypes.string_at(id(obj) + offset, size)


def best_effort(x):
    """Here x has a reference of the caller too."""
    return pagewarden.secure_delete(x)


def owned():
    x = made(bytes)
    d_bytes = pagewarden.secure_delete(x)
    y = made(str)
    d_str = pagewarden.secure_delete(y)
    z = "".join(["\u20ac", made(str)])
    d_wide = pagewarden.secure_delete(z)
    latin = "".join(["\xe9", made(str)])
    d_latin = pagewarden.secure_delete(latin)
    return ((d_bytes, characters(x, 24)), (d_str, characters(y, 24)), (d_wide, characters(z, 50)),
            (d_latin, characters(latin, 25)))


for name, (d, memory) in zip(("bytes", "str", "wide str", "latin str"), owned()):
    check(f"{name} that one variable has is wiped", d.wiped and not any(memory), f"{d} {memory}")
    check(f"and says what {name} can't promise", any("copies" in u for u in d.unpromised))

x = made(bytes)
other = x
before = bytes(bytearray(x))
d = pagewarden.secure_delete(x)
check("bytes that another variable has stay", not d.wiped and x == before and "refers" in d.unpromised[0], d)
check("a literal stays", not pagewarden.secure_delete("a literal of this file"))
check("short ones stay", not pagewarden.secure_delete("x") and not pagewarden.secure_delete(b"") and
      not pagewarden.secure_delete(b"q"))


def interned():
    word = sys.intern(made(str))
    shown = word[:3]
    return pagewarden.secure_delete(word), word[:3] == shown


d, same = interned()
check("an interned string stays", not d.wiped and same, d)


class Name(str):
    pass


check("a subclass stays", not pagewarden.secure_delete(Name(made(str))))


def with_utf8():
    wide = "".join(["\u20ac", made(str)])
    ctypes.pythonapi.PyUnicode_AsUTF8.restype = ctypes.c_void_p
    ctypes.pythonapi.PyUnicode_AsUTF8(ctypes.py_object(wide))
    return pagewarden.secure_delete(wide)


d = with_utf8()
check("a string with a UTF-8 copy says so", not d.wiped and "UTF-8" in d.unpromised[0], d)

# ---- watch -----------------------------------------------------------------------

check("read-only memory can't be watched", raises(TypeError, pagewarden.watch, b"abc"))
if MODULE:
    b = bytearray(b"password" * 1000)
    with pagewarden.watch(b, "left") as w:
        check("a watched bytearray can't move", raises(BufferError, b.extend, b"x" * 100000))
    check("what is left is dirty", w.verdict == "dirty" and w.counts["dirty_bytes"] == 8000, f"{w.verdict} {w.counts}")
    with pagewarden.watch(b, "wiped", pagewarden.HOLD | pagewarden.SCRUB) as w:
        check("the module wipes it", pagewarden.secure_delete(b).by == "module")
    check("what is wiped is clean", w.verdict == "clean" and w.reason == "" and w.end() == "clean", f"{w.verdict} {w.counts}")
    b += b"x" * 100000
    check("it may move again", len(b) == 108000)
    check("a secret is in the arena", pagewarden.secret(1).protection == "arena")
    w = pagewarden.watch(b, "of the parent")
    check("a child's copy of a watch is no watch", child(lambda: 0 if raises(OSError, w.end, number=errno.ESRCH) else 1) == 0)
    check("the parent's is", w.end() == "dirty")
    check("a watch needs memory that can be watched",
          raises(OSError, pagewarden.watch, pagewarden.secret(10), number=errno.EOPNOTSUPP))
else:
    b = bytearray(b"password")
    check("a watch needs the module", raises(OSError, pagewarden.watch, b, "p", number=errno.ENODEV))
    b += b"longer"
    check("a watch that failed lets the buffer go", len(b) == 14)
finish()
