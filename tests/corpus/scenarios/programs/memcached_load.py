# SPDX-License-Identifier: GPL-2.0-or-later
"""memcached_load.py SOCKET: sets random keys, more than fit, for ever."""
import random
import socket
import sys
import time

peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
stream = peer.makefile("rwb")
while True:
    for _ in range(100):
        value = b"v" * random.randrange(500, 4000)
        stream.write(b"set key%d 0 0 %d\r\n%s\r\n" % (random.randrange(60_000), len(value), value))
    stream.flush()
    for _ in range(100):
        assert stream.readline() == b"STORED\r\n"
    time.sleep(0.05)
