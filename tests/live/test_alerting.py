# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
"""A leak from the daemon to a real Alertmanager, by itself and by a real Prometheus; receivers that are down or hang."""
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import BUILD, ROOT, TMP, PAGEWARDEN, between, check, finish, skip, start, wait_for

SCALE = 240  # a quarter of a minute counts as an hour
PROGRAMS = {name: shutil.which(name) for name in ("prometheus", "prometheus-alertmanager", "promtool")}
# Keeps what it gets. On a begin it then hangs, and will not be told; on an end it is done.
HOOK = """#!/bin/sh
line=$(cat)
printf '%s\\n' "$line" >>"$1"
case $line in *'"state":"firing"'*) trap '' TERM; sleep 300 & while :; do sleep 1; done ;; esac
"""

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)
if None in PROGRAMS.values():
    print("1..0 # SKIP not installed: " + " ".join(n for n, p in PROGRAMS.items() if not p))
    sys.exit(0)


def in_tmp(name):
    return os.path.join(TMP, name)


def write(name, text, mode=0o644):
    with open(in_tmp(name), "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(in_tmp(name), mode)
    return in_tmp(name)


def read(name):
    try:
        with open(in_tmp(name), encoding="utf-8", errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.read().decode(), answer.headers


def fetch_json(url):
    try:
        return json.loads(fetch(url)[0])
    except OSError:
        return None


class Daemon:
    def __init__(self, name, **keys):
        self.name, self.socket = name, in_tmp(name + ".sock")
        keys = {"socket": self.socket, "history_path": in_tmp(name + "/history.db"), "interval": "200ms",
                "flush_interval": "1s", "time_scale": SCALE, "alert_refresh": "2s", "alert_rate": 1000, **keys}
        os.makedirs(in_tmp(name), exist_ok=True)
        self.config = write(name + ".conf", "".join(f"{k} = {v}\n" for k, v in keys.items()))
        self.begin()

    def begin(self):
        log = open(in_tmp(self.name + ".log"), "ab")
        self.process = start([PAGEWARDEN, "daemon", "--config", self.config], stdout=log, stderr=log)
        if not wait_for(lambda: self.status("ticks"), 30):
            raise RuntimeError("the daemon did not start: " + read(self.name + ".log"))

    def get(self, target):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.socket)
            s.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
            answer = b""
            while piece := s.recv(65536):
                answer += piece
        return answer.partition(b"\r\n\r\n")[2].decode()

    def status(self, key=None):
        try:
            document = json.loads(self.get("/v1/status"))
        except OSError:
            return None
        return document[key] if key else document

    def way(self, name):
        return next(w for w in self.status()["alert_ways"] if w["way"] == name)


class Webhook(http.server.BaseHTTPRequestHandler):
    """What Alertmanager sends to people."""
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Webhook.got += json.loads(body)["alerts"]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def notices(state):
    """What the hook got of this leak."""
    lines = [json.loads(line) for line in read("notices").splitlines(keepends=True) if line.endswith("\n")]
    return [n for n in lines if n["exe"] == LEAK and n["state"] == state]


def heard(name, state):
    return [a for a in Webhook.got if a["labels"]["alertname"] == name and a["status"] == state and
            a["labels"].get("exe") == LEAK]


def tell(message):
    print("# " + message, flush=True)


LEAK = shutil.copy(os.path.join(BUILD, "tests/programs/leak"), in_tmp("this-leak"))  # nobody else's
manager_port, prometheus_port, metrics_port = free_port(), free_port(), free_port()
hole = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
webhook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
threading.Thread(target=webhook.serve_forever, daemon=True).start()
begun = time.monotonic()

hook = write("hook", HOOK, 0o755)
main = Daemon("main", alertmanager_url=f"http://127.0.0.1:{manager_port}", alert_exec=f"{hook} {in_tmp('notices')}",
              alert_exec_timeout="1s", alert_instance="test-machine", listen_tcp=f"127.0.0.1:{metrics_port}")
side = Daemon("side", alertmanager_url=f"http://127.0.0.1:{hole.getsockname()[1]}", alert_spool_max=1, ledger="no")
for rules in ("recording", "alerts"):
    text = open(os.path.join(ROOT, f"packaging/prometheus/pagewarden-{rules}.rules.yml"), encoding="utf-8").read()
    write(f"{rules}.yml", text.replace("interval: 30s", "interval: 1s"))
write("prometheus.yml", f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs: [{{job_name: pagewarden, static_configs: [{{targets: ['127.0.0.1:{metrics_port}']}}]}}]
rule_files: [{in_tmp('recording.yml')}, {in_tmp('alerts.yml')}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{manager_port}']}}]}}]}}
""")
write("alertmanager.yml", f"""
route: {{receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: people, webhook_configs: [{{url: 'http://127.0.0.1:{webhook.server_address[1]}/', send_resolved: true}}]}}]
""")
start([PROGRAMS["prometheus"], "--config.file", in_tmp("prometheus.yml"), "--storage.tsdb.path", in_tmp("tsdb"),
       "--web.listen-address", f"127.0.0.1:{prometheus_port}", "--rules.alert.resend-delay", "2s"],
      stdout=open(in_tmp("prometheus.log"), "wb"), stderr=subprocess.STDOUT)


def prometheus(query):
    answer = fetch_json(f"http://127.0.0.1:{prometheus_port}/api/v1/query?query={query}")
    return answer["data"]["result"] if answer else []


# ---- a suspect, while Alertmanager is down --------------------------------------------------

leak = start([LEAK, "heap", "60"], stdin=subprocess.PIPE)  # 64 KiB each 60 ms
leak_began = time.monotonic()
found = wait_for(lambda: notices("firing"), 90)
tell(f"told after {time.monotonic() - leak_began:.0f} s")
check("a leak fires an alert, and the hook gets it", found, [main.status(), main.get("/v1/leaks?all=1")])
found = wait_for(lambda: main.way("alertmanager")["failed"] >= 2, 15)
way = main.way("alertmanager")
check("Alertmanager is down: the notice waits, and the failures are counted",
      found and way["waiting"] >= 1 and way["sent"] == 0 and "refused" in way["error"], way)
check("in a file", os.listdir(in_tmp("main/alerts/alertmanager")), os.listdir(in_tmp("main/alerts")))
found = wait_for(lambda: main.way("exec")["failed"] >= 1 and not main.way("exec")["waiting"], 30)
check("the hook that hangs is ended", found and "ended after" in main.way("exec")["error"], main.way("exec"))
notice = next(n for n in notices("firing") if n["series"] == "anon")
check("it got the verdict", notice["schema"] == "pagewarden.alert" and notice["class"] == "growing" and
      notice["pid"] == leak.pid and notice["host"] == "test-machine", notice)
between("with its growth", notice["growth_per_hour"] * SCALE / 3600, 65536 / 0.06 * 0.6, 65536 / 0.06 * 1.4, "B/s")
valid = subprocess.run([os.path.join(ROOT, "tests/lib/validate.py"), os.path.join(ROOT, "docs/schema"),
                        write("notice.json", json.dumps(notice))], capture_output=True, text=True, check=False)
check("as its schema has it", valid.returncode == 0, valid.stdout + valid.stderr)
check("no process of the hook is left", wait_for(lambda: not subprocess.run(
    ["pgrep", "-f", in_tmp("notices")], capture_output=True, check=False).stdout, 5))

# ---- a daemon that is killed; Alertmanager comes -------------------------------------------------

time.sleep(2)  # the trends are saved with the flush behind the verdict
firing = [a for a in json.loads("[" + ",".join(read("main/alerts/firing").splitlines()) + "]")]
waiting = main.way("alertmanager")["waiting"]
main.process.send_signal(signal.SIGKILL)
main.process.wait(20)
main.begin()
kept = read("main/alerts/firing")
check("after kill -9 what fires still does", firing and main.status("alerts_firing") >= len(firing) and
      all(a["alert"]["starts_time"] in kept for a in firing), [firing, main.status()])
check("and what waits still does", main.way("alertmanager")["waiting"] >= waiting, main.way("alertmanager"))
start([PROGRAMS["prometheus-alertmanager"], "--config.file", in_tmp("alertmanager.yml"), "--storage.path", in_tmp("am"),
       "--web.listen-address", f"127.0.0.1:{manager_port}", "--cluster.listen-address", ""],
      stdout=open(in_tmp("alertmanager.log"), "wb"), stderr=subprocess.STDOUT)
found = wait_for(lambda: heard("PagewardenLeakSuspected", "firing"), 60)
check("Alertmanager comes up and gets what waited", found, [main.way("alertmanager"), read("alertmanager.log")[-2000:]])
alert = heard("PagewardenLeakSuspected", "firing")[0]
check("with labels and words", alert["labels"]["instance"] == "test-machine" and alert["labels"]["class"] == "growing" and
      "grows as leaks grow" in alert["annotations"]["summary"] and "pid" not in alert["labels"], alert)
way = main.way("alertmanager")
check("nothing was dropped", way["waiting"] == 0 and way["dropped"] == 0 and way["sent"] >= waiting, way)
told = [(n["series"], n["starts_time"]) for n in notices("firing")]
check("nor told twice", len(told) == len(set(told)), told)
found = wait_for(lambda: heard("PagewardenSuspect", "firing"), 30)
check("Prometheus' rule fires as well", found, [prometheus("ALERTS"), read("prometheus.log")[-2000:]])

# ---- metrics -------------------------------------------------------------------------------------------

text, headers = fetch(f"http://127.0.0.1:{metrics_port}/metrics")
check("by default the form is Prometheus' own", headers["Content-Type"].startswith("text/plain; version=0.0.4"), headers)
done = subprocess.run([PROGRAMS["promtool"], "check", "metrics"], input=text, capture_output=True, text=True, check=False)
check("promtool check metrics has nothing to say", done.returncode == 0 and not done.stdout + done.stderr,
      done.stdout + done.stderr)
rows = [line for line in open(os.path.join(ROOT, "docs/metrics.md"), encoding="utf-8") if line.startswith("| `pagewarden_")]
documented = {line.split("`")[1] for line in rows}
present = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
check("it has what docs/metrics.md has", present == documented, sorted(present ^ documented))
check("and this leak's growth", [line for line in text.splitlines() if
                                 line.startswith("pagewarden_suspect_growth_per_second") and f'exe="{LEAK}"' in line],
      text[-3000:])
open_text, headers = fetch(f"http://127.0.0.1:{metrics_port}/metrics", Accept="application/openmetrics-text")
check("who asks for OpenMetrics gets it", headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0") and
      open_text.endswith("# EOF\n"), headers)
STRICT = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as p\n" \
         "print(len(list(p(sys.stdin.read()))))"
python = next((p for p in (sys.executable, "/usr/bin/python3") if not subprocess.run(
    [p, "-c", "import prometheus_client.openmetrics.parser"], capture_output=True, check=False).returncode), None)
if python:
    done = subprocess.run([python, "-c", STRICT], input=open_text, capture_output=True, text=True, check=False)
    check("a strict parser reads all of it", done.stdout.strip() == str(len(documented)), done.stdout + done.stderr)
else:
    skip("a strict parser reads all of it", "python3-prometheus-client is not installed")
up = prometheus('up{job="pagewarden"}')
check("Prometheus scrapes it", up and up[0]["value"][1] == "1", up)
recorded = prometheus("suspect:pagewarden_growth:per_hour")
check("and records it by the rules", recorded, prometheus("pagewarden_suspect_growth_per_second"))

# ---- the leak ends ------------------------------------------------------------------------------------

leak.stdin.close()
leak.wait(10)
ended = time.monotonic()
found = wait_for(lambda: heard("PagewardenLeakSuspected", "resolved"), 60)
tell(f"resolved after {time.monotonic() - ended:.0f} s")
check("its end resolves the daemon's alert", found, [main.way("alertmanager"), main.status()])
found = wait_for(lambda: heard("PagewardenSuspect", "resolved"), 60)
check("and Prometheus' one", found, prometheus("ALERTS"))
alerts = fetch_json(f"http://127.0.0.1:{manager_port}/api/v2/alerts?active=true")
check("Alertmanager has neither any more", not [a for a in alerts if a["labels"].get("exe") == LEAK and
                                               a["labels"]["alertname"] in ("PagewardenLeakSuspected", "PagewardenSuspect")],
      alerts)
found = wait_for(lambda: notices("resolved") and main.way("exec")["sent"] >= 1, 20)
check("the hook hears of it, and this time is done", found, [main.way("exec"), read("notices")])

# ---- one who takes and never answers; a spool that is full ------------------------------------------------

status = side.status()
# One attempt that it waited for would be ten seconds, fifty ticks; a busy machine has a few late ones.
check("beside one who never answers the daemon goes on", status["ticks_late"] < 25 + main.status("ticks_late"), status)
check("and every way of its own is as it was", side.way("journal")["dropped"] == 0, side.way("journal"))
found = wait_for(lambda: side.way("alertmanager")["dropped"] >= 1, 30)
way = side.way("alertmanager")
check("what finds no room is counted as dropped", found and way["waiting"] == 1 and way["sent"] == 0, way)
check("and is in the metrics", f'pagewarden_alert_notices_dropped_total{{way="alertmanager"}} {way["dropped"]}' in
      side.get("/metrics"), side.get("/metrics"))
check("an answer that never came is a failure", wait_for(lambda: side.way("alertmanager")["failed"] >= 1, 15) and
      "no answer" in side.way("alertmanager")["error"], side.way("alertmanager"))

# ---- alert-test ------------------------------------------------------------------------------------------

done = subprocess.run([PAGEWARDEN, "alert-test", "--config", main.config], capture_output=True, text=True, timeout=60, check=False)
check("alert-test says which way works", done.returncode == 1 and "exec          FAILED" in done.stdout and
      "alertmanager  sent" in done.stdout, done.stdout + done.stderr)
check("and Alertmanager has it", wait_for(lambda: [a for a in Webhook.got if a["labels"]["alertname"] == "PagewardenTest"], 20),
      Webhook.got)

for daemon in (main, side):
    daemon.process.terminate()
    check(f"the daemon {daemon.name} stops in good order", daemon.process.wait(20) == 0, read(daemon.name + ".log"))
tell(f"{time.monotonic() - begun:.0f} s in all")
finish()
