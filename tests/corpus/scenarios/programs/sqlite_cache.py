# SPDX-License-Identifier: GPL-2.0-or-later
"""sqlite_cache.py DIR: point queries over 120 MB of rows through a page cache of 48 MB."""
import pathlib
import random
import sqlite3
import sys
import time

path = pathlib.Path(sys.argv[1]) / "rows.db"
db = sqlite3.connect(path)
db.execute("pragma journal_mode = off")
db.execute("create table rows (id integer primary key, text text)")
db.executemany("insert into rows values (?, ?)", ((i, f"{i:0400}") for i in range(300_000)))
db.commit()
db.close()

db = sqlite3.connect(path)
db.execute("pragma cache_size = -48000")
while True:
    for _ in range(200):
        key = random.randrange(300_000)
        assert db.execute("select text from rows where id = ?", (key,)).fetchone()
    time.sleep(0.03)
