# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts as services do: modules, tables, a bounded cache; then the same work for ever."""
import ast
import decimal
import email
import functools
import http.server
import json
import random
import re
import sqlite3
import time
import xml.dom.minidom

USED = (ast, decimal, email, http.server, sqlite3, xml.dom.minidom)


@functools.lru_cache(maxsize=2000)
def lookup(key):
    return [f"{key}-{i}" for i in range(100)]


while True:
    for _ in range(40):
        rows = lookup(int(random.paretovariate(0.5)) % 5000)
        text = json.dumps(rows)
        assert len(re.findall(r"-\d+", text)) == 100
    time.sleep(0.05)
