# SPDX-License-Identifier: GPL-2.0-or-later
"""redis_load.py SOCKET KEYS [SAVE_SECONDS]: random sets over that many keys; a BGSAVE now and then."""
import random
import socket
import sys
import time

peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
stream = peer.makefile("rwb")
keys = int(sys.argv[2])
every = float(sys.argv[3]) if len(sys.argv) > 3 else None
saved = time.monotonic()
while True:
    for _ in range(100):
        value = b"v" * random.randrange(500, 1500)
        stream.write(b"SET key%d %s\r\n" % (random.randrange(keys), value))
    stream.flush()
    for _ in range(100):
        answer = stream.readline()
        assert answer == b"+OK\r\n", answer
    if every and time.monotonic() - saved > every:
        saved = time.monotonic()
        stream.write(b"BGSAVE\r\n")
        stream.flush()
        stream.readline()
    time.sleep(0.05)
