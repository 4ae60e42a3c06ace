# SPDX-License-Identifier: GPL-2.0-or-later
"""Those who are asked what was wiped. Each has rows_of(pid), the events of a process so far."""
import collections
import csv
import http.client
import io
import json
import os
import signal
import socket

from check import PAGEWARDEN, TMP, pagewarden, start, wait_for
from wipe_truth import PATIENCE


class Stream:
    """pagewarden wipes, a document each half second."""

    def __init__(self, name, *argv):
        self.name = name
        self.path = os.path.join(TMP, name)
        self.out = open(self.path, "wb+")
        self.errors = open(self.path + ".errors", "wb+")
        self.process = start([PAGEWARDEN, "wipes", "-f", "json", "-i", "500ms", "--socket", "none", *argv],
                             stdout=self.out, stderr=self.errors)
        self.read = 0
        self.last = None
        self.events = collections.defaultdict(list)  # by PID

    def ready(self):
        """The first document comes when it observes."""
        if not wait_for(lambda: os.path.getsize(self.path) or self.process.poll() is not None, PATIENCE):
            raise RuntimeError(f"{self.name} told nothing")
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name}: {self.said()}")

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def rows_of(self, pid):
        self._read()
        return self.events[pid]

    def _read(self):
        with open(self.path, encoding="utf-8") as f:
            f.seek(self.read)
            for line in iter(f.readline, ""):
                if not line.endswith("\n"):
                    break
                self.read += len(line.encode())
                self.last = json.loads(line)
                for row in self.last["wipes"]:
                    self.events[row["pid"]].append(row)

    def end(self):
        """The last document, with the summary."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        self._read()
        if status:
            raise RuntimeError(f"{self.name}: status {status}: {self.said()}")
        return self.last


class Recording:
    def __init__(self, name, *argv):
        self.name = name
        self.tape = os.path.join(TMP, name + ".pwr")
        self.rows = None  # by PID
        self.process = start([PAGEWARDEN, "record", "-o", self.tape, "--segments", "none", "--no-ledger",
                              "-i", "500ms", "--socket", "none", *argv])

    def ready(self):
        """The file comes when it observes."""
        if not wait_for(lambda: os.path.exists(self.tape), PATIENCE) or self.process.poll() is not None:
            raise RuntimeError(f"{self.name}: no file, status {self.process.poll()}")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        if self.process.wait(PATIENCE):
            raise RuntimeError(f"{self.name}: status {self.process.returncode}")
        self.rows = None

    def document(self, *command):
        done = pagewarden(*command, "--replay", self.tape, "-f", "json", timeout=PATIENCE)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr}")
        return json.loads(done.stdout)

    def rows_of(self, pid):
        if self.rows is None or self.process.poll() is None:
            self._read()
        return self.rows[pid]

    def _read(self):
        """As CSV, which has all: a document has as many as a model keeps."""
        done = pagewarden("wipes", "--replay", self.tape, "-f", "csv", timeout=PATIENCE)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr}")
        self.rows = collections.defaultdict(list)
        for row in csv.DictReader(io.StringIO(done.stdout)):
            self.rows[int(row["pid"])].append({**row, "size_bytes": int(row["size_bytes"] or 0)})


class _Unix(http.client.HTTPConnection):
    def __init__(self, address):
        super().__init__("localhost", timeout=PATIENCE)
        self.address = address

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.address)


class Daemon:
    name = "daemon"

    def __init__(self, *lines):
        run = os.path.join(TMP, "run")
        os.makedirs(run)
        self.address = os.path.join(run, "socket")
        self.history = os.path.join(TMP, "history", "history.db")
        config = os.path.join(TMP, "conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("\n".join(("interval = 500ms", "flush_interval = 1s", *lines)) + "\n")
        self.log = open(os.path.join(TMP, "log"), "wb+")
        self.process = start([PAGEWARDEN, "daemon", "--config", config, "--socket", self.address, "--history",
                              self.history], stdout=self.log, stderr=self.log)

    def told(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def ready(self):
        wait_for(lambda: "watching" in self.told() or self.process.poll() is not None, PATIENCE)
        if "watching" not in self.told():
            raise RuntimeError("the daemon: " + self.told())

    def get(self, target):
        connection = _Unix(self.address)
        connection.request("GET", "/v1/" + target)
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"/v1/{target}: {answer.status} {body}")
        return json.loads(body)

    def rows_of(self, pid):
        return self.get(f"wipes?pid={pid}")["wipes"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(PATIENCE):
            raise RuntimeError("the daemon: " + self.told())
