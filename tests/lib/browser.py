# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium that a test drives through chromedriver (WebDriver, W3C), with nothing but the standard library."""
import base64
import json
import os
import re
import struct
import subprocess
import time
import urllib.error
import urllib.request
import zlib

import check

# Nothing of a browser's own business: no sandbox (the tests run as root), no updates, no network.
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
             "--user-data-dir=" + os.path.join(check.TMP, "browser")]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that WebDriver gives references


def missing():
    """What is not installed, in words; "" when all is there."""
    for program in ("chromium", "chromedriver"):
        if subprocess.run(["which", program], stdout=subprocess.DEVNULL, check=False).returncode:
            return f"{program} is not installed"
    return ""


class Browser:
    def __init__(self, width=1200, height=1600):
        log = os.path.join(check.TMP, "chromedriver.log")
        self.driver = check.start(["chromedriver", "--port=0", "--log-level=WARNING"],
                                  stdout=open(log, "w", encoding="utf-8"))
        self.base = "http://127.0.0.1:%d" % self._port(log)
        options = {"args": ARGUMENTS + ["--window-size=%d,%d" % (width, height)]}
        self.base += "/session/" + self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})["sessionId"]

    @staticmethod
    def _port(log):
        for _ in range(200):
            found = re.search(r"successfully on port (\d+)", open(log, encoding="utf-8").read())
            if found:
                return int(found.group(1))
            time.sleep(0.1)
        raise RuntimeError("chromedriver tells no port: " + open(log, encoding="utf-8").read())

    def _call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()[:500]}") from error

    def close(self):
        self._call("DELETE", "")

    def open(self, path):
        self._call("POST", "/url", {"url": "file://" + path})

    def forget(self):
        """What the browser itself shows first asks and complains as well."""
        self._call("POST", "/url", {"url": "about:blank"})
        self.console()
        self.requests()

    def run(self, script, *arguments):
        """The value of a script's `return`."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def emulate(self, media="", scheme="light"):
        """As on paper ("print"), and as who likes it dark ("dark")."""
        self.devtools("Emulation.setEmulatedMedia", media=media,
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def console(self):
        """What the page complained about since the last call."""
        return [line["message"] for line in self._call("POST", "/se/log", {"type": "browser"})]

    def requests(self):
        """The addresses that were asked for since the last call."""
        events = [json.loads(line["message"])["message"]
                  for line in self._call("POST", "/se/log", {"type": "performance"})]
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]

    def screenshot(self, selector=None):
        """The pixels of the window, or of one element: rows of (r, g, b)."""
        path = "/screenshot"
        if selector:
            element = self._call("POST", "/element", {"using": "css selector", "value": selector})
            path = f"/element/{element[ELEMENT]}/screenshot"
        return base64.b64decode(self._call("GET", path))

    def pdf(self):
        return base64.b64decode(self._call("POST", "/print", {}))


def _unfilter(kind, line, above, size):
    for i, value in enumerate(line):
        left = line[i - size] if i >= size else 0
        up = above[i]
        if kind == 1:
            value += left
        elif kind == 2:
            value += up
        elif kind == 3:
            value += (left + up) // 2
        elif kind == 4:
            corner = above[i - size] if i >= size else 0
            guess = left + up - corner
            a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
            value += left if a <= b and a <= c else up if b <= c else corner
        line[i] = value & 255


def png_colours(png):
    """How often each colour stands in a PNG of 8 bits a channel."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    if png[:8] != b"\x89PNG\r\n\x1a\n" or depth != 8 or colour not in (2, 6):
        raise ValueError("not the PNG that a browser takes")
    size, data, at = 3 if colour == 2 else 4, b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        data += png[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    data, above, counts = zlib.decompress(data), bytearray(width * size), {}
    for row in range(height):
        begin = row * (width * size + 1)
        line = bytearray(data[begin + 1:begin + 1 + width * size])
        _unfilter(data[begin], line, above, size)
        above = line
        for i in range(0, len(line), size):
            rgb = (line[i], line[i + 1], line[i + 2])
            counts[rgb] = counts.get(rgb, 0) + 1
    return counts
