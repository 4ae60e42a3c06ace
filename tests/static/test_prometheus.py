# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules, the dashboard and docs/metrics.md know the metrics that the daemon has, and promtool likes the rules."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import ROOT, TMP, check, finish, skip

RULES = sorted(glob.glob(os.path.join(ROOT, "packaging/prometheus/*.rules.yml")))
DASHBOARD = os.path.join(ROOT, "packaging/grafana/pagewarden.json")
SUFFIXES = {"COUNTER": "_total", "INFO": "_info"}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def declared():
    """Names of samples by the sources: each name stands behind the word that makes it."""
    names = set()
    for path in glob.glob(os.path.join(ROOT, "user/daemon/metrics*.c")):
        text = re.sub(r"#define(?:[^\n]*\\\n)*[^\n]*\n", "", read(path))
        for match in re.finditer(r'\b(?:PW_METRIC_)?(GAUGE|COUNTER|INFO|SUSPECTS)[,(]\s*"(pagewarden_\w+)"', text):
            names.add(match.group(2) + SUFFIXES.get(match.group(1), ""))
        literals = len(re.findall(r'"pagewarden_\w+"', text))
        found = len(re.findall(r'\b(?:PW_METRIC_)?(?:GAUGE|COUNTER|INFO|SUSPECTS)[,(]\s*"pagewarden_\w+"', text))
        check(f"each name in {os.path.basename(path)} has a type", literals == found, f"{literals} names, {found} types")
    return names


def used(text, recorded):
    """Metrics that a text names, without the rules' own."""
    return {n for n in re.findall(r"(?<![:\w.])pagewarden_\w+(?![\w:])", text) if n not in recorded}


names = declared()
check("there are metrics", len(names) > 60, names)
rows = re.findall(r"^\| `(pagewarden_\w+)` \| (\w+) \|", read(os.path.join(ROOT, "docs/metrics.md")), re.M)
documented = {n for n, _ in rows}
check("docs/metrics.md has each metric", names == documented,
      f"missing: {sorted(names - documented)}, gone: {sorted(documented - names)}")
check("and each once", len(rows) == len(documented))
check("its counters end in _total", all((kind == "counter") == n.endswith("_total") for n, kind in rows), rows)

expressions = [line for path in RULES for line in re.findall(r"^ +expr: (.*)$", read(path), re.M)]
records = set(re.findall(r"- record: (\S+)", "".join(read(p) for p in RULES)))
check("there are rules", len(expressions) >= 15 and len(records) >= 6, expressions)
unknown = {n for e in expressions for n in used(e, ())} - names
check("the rules ask for metrics that there are", not unknown, unknown)
unknown = {r for e in expressions for r in re.findall(r"\b[a-z]+:pagewarden_[\w:]+", e)} - records
check("the rules ask for records that there are", not unknown, unknown)

dashboard = json.loads(read(DASHBOARD))
targets = [t["expr"] for p in dashboard["panels"] for t in p["targets"]]
check("the dashboard has panels", len(dashboard["panels"]) >= 15 and len(targets) >= 20)
unknown = {n for e in targets for n in used(e, ())} - names
check("the dashboard asks for metrics that there are", not unknown, unknown)
unknown = {r for e in targets for r in re.findall(r"\b[a-z]+:pagewarden_[\w:]+", e)} - records
check("the dashboard asks for records that there are", not unknown, unknown)
ids = [p["id"] for p in dashboard["panels"]]
check("the panels have ids of their own", len(ids) == len(set(ids)))
places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
check("and places of their own", len(places) == len(set(places)), places)


def promtool(*argv):
    done = subprocess.run(["promtool", *argv], cwd=TMP, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stdout + done.stderr


if not shutil.which("promtool"):
    skip("promtool", "promtool is not installed (on Debian: the package prometheus)")
    finish()
for path in RULES:
    shutil.copy(path, TMP)
    check(f"promtool accepts {os.path.basename(path)}", *promtool("check", "rules", path))
shutil.copy(os.path.join(ROOT, "tests/static/rules_test.yml"), TMP)
check("the rules do what they say", *promtool("test", "rules", "rules_test.yml"))
with open(os.path.join(TMP, "rules_test.yml"), "r+", encoding="utf-8") as f:
    text = f.read().replace("value: 3686400", "value: 3686401")
    f.seek(0)
    f.write(text)
check("and the test would notice", not promtool("test", "rules", "rules_test.yml")[0])
# Each expression of the dashboard, with what Grafana puts in.
with open(os.path.join(TMP, "dashboard.yml"), "w", encoding="utf-8") as f:
    rules = [{"record": f"panel{i}", "expr": e.replace("$__rate_interval", "5m").replace("$instance", ".*")}
             for i, e in enumerate(targets)]
    json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, f)
check("promtool accepts the dashboard's expressions", *promtool("check", "rules", os.path.join(TMP, "dashboard.yml")))
shutil.copy(os.path.join(ROOT, "packaging/prometheus/prometheus.yml.example"), os.path.join(TMP, "prometheus.yml"))
check("and the example configuration", *promtool("check", "config", "--syntax-only", os.path.join(TMP, "prometheus.yml")))
finish()
