# SPDX-License-Identifier: GPL-2.0-or-later
"""prepare.py FIFO: what a client with a new statement name for each query sends."""
import sys
import time

with open(sys.argv[1], "w") as out:
    number = 0
    while True:
        for _ in range(2):
            out.write(f"prepare p{number} as select relname, {number} from pg_class where oid = $1;\n"
                      f"execute p{number}(1259);\n")
            number += 1
        out.flush()
        time.sleep(0.1)
