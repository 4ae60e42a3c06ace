# SPDX-License-Identifier: GPL-2.0-or-later
"""A service that parses requests and keeps each of them in a list "for the statistics"."""
import json
import random
import time

SEEN = []


def handle(number):
    text = json.dumps({"id": number, "items": [random.random() for _ in range(20)]})
    SEEN.append(json.loads(text))


number = 0
while True:
    for _ in range(6):
        handle(number)
        number += 1
    time.sleep(0.05)
