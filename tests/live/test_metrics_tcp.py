# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 120
"""The TCP listener: /metrics for everybody on this machine, the rest for who has the token, and hostile ones."""
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from check import TMP, PAGEWARDEN, check, finish, pagewarden, start, wait_for

if os.geteuid() != 0:
    print("1..0 # SKIP needs root")
    sys.exit(0)

SOCKET, CONFIG, LOG = (os.path.join(TMP, name) for name in ("pagewarden.sock", "pagewarden.conf", "log"))
TOKEN_FILE = os.path.join(TMP, "token")
TOKEN = "0123456789abcdef0123456789abcdef"
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT = probe.getsockname()[1]


def configure(**keys):
    with open(CONFIG, "w", encoding="ascii") as f:
        for key, value in {"socket": SOCKET, "history_path": "", "interval": "200ms", "ledger": "no", **keys}.items():
            f.write(f"{key} = {value}\n")


def write_token(token, mode=0o600):
    with open(TOKEN_FILE, "w", encoding="ascii") as f:
        f.write(token + "\n")
    os.chmod(TOKEN_FILE, mode)


def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=15)


def exchange(request, connection=None):
    answer = b""
    with connection or connect() as s:
        try:
            s.sendall(request)
            while piece := s.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionError):
            pass
    return answer


def ask(target, *headers, method="GET", host="127.0.0.1"):
    head = "".join(f"{h}\r\n" for h in headers)
    return exchange(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}\r\n".encode())


def code(answer):
    match = re.match(rb"HTTP/1\.[01] (\d+)", answer)
    return int(match.group(1)) if match else 0


def bearer(token):
    return f"Authorization: Bearer {token}"


def by_socket(target="/v1/status"):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(SOCKET)
        return code(exchange(f"GET {target} HTTP/1.0\r\n\r\n".encode(), s))


def refused(name, words, **keys):
    configure(**keys)
    done = pagewarden("daemon", "--config", CONFIG)
    check(name, done.returncode == 2 and words in done.stderr, done.stderr)


refused("an address of the network is refused", "no loopback address", listen_tcp=f"0.0.0.0:{PORT}")
refused("a name is no address", "not an address with a port", listen_tcp=f"localhost:{PORT}")
write_token(TOKEN, 0o644)
refused("a token that others may read is refused", "others than its owner", token_file=TOKEN_FILE)
write_token("short")
refused("a short token is refused", "16 to 256", token_file=TOKEN_FILE)

write_token(TOKEN)
configure(listen_tcp=f"127.0.0.1:{PORT}", token_file=TOKEN_FILE)
log = open(LOG, "wb+")
daemon = start([PAGEWARDEN, "daemon", "--config", CONFIG], stdout=log, stderr=log)
check("the daemon starts", wait_for(lambda: os.path.exists(SOCKET) and by_socket() == 200, 30), open(LOG, "rb").read())

# ---- who may what ------------------------------------------------------------------------------

answer = ask("/metrics")
check("/metrics needs no token", code(answer) == 200 and b"pagewarden_ticks_total" in answer, answer[:300])
for target in ("/v1/status", "/v1/processes", "/v1/stream", "/", "/metrics/", "/metrics%2f", "//metrics", "/Metrics"):
    answer = ask(target)
    check(f"{target} does", code(answer) == 401 and b"WWW-Authenticate: Bearer" in answer and TOKEN.encode() not in answer,
          answer[:300])
check("with the token it is served", code(ask("/v1/status", bearer(TOKEN))) == 200)
check("and what is not there is not", code(ask("/metrics/", bearer(TOKEN))) == 404)
for wrong in (TOKEN[:-1], TOKEN + "0", "", TOKEN.upper(), " " + TOKEN):
    check(f"'{wrong}' is not the token", code(ask("/v1/status", bearer(wrong))) == 401)
check("nor is it another scheme's", code(ask("/v1/status", f"Authorization: Basic {TOKEN}")) == 401)
check("nor in the URL", code(ask(f"/v1/status?token={TOKEN}")) == 401)
check("smaps stays root's", code(ask("/v1/processes/1/segments?smaps=1", bearer(TOKEN))) == 403)
check("a foreign name in Host is refused", code(ask("/metrics", host="evil.example")) == 403)
check("with the token as well", code(ask("/v1/status", bearer(TOKEN), host="evil.example")) == 403)
check("localhost is none", code(ask("/metrics", host=f"localhost:{PORT}")) == 200)
for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"):
    check(f"{method} is not served", code(ask("/metrics", method=method)) == 405)

# ---- another token -------------------------------------------------------------------------------

write_token("f" * 20)
daemon.send_signal(signal.SIGHUP)
check("a reload takes the new token", wait_for(lambda: code(ask("/v1/status", bearer("f" * 20))) == 200, 10))
check("and forgets the old one", code(ask("/v1/status", bearer(TOKEN))) == 401)
write_token("x", 0o600)
daemon.send_signal(signal.SIGHUP)
check("a bad one changes nothing", wait_for(lambda: b"stays as it was" in open(LOG, "rb").read(), 10) and
      code(ask("/v1/status", bearer("f" * 20))) == 200, open(LOG, "rb").read())

# ---- hostile ones ----------------------------------------------------------------------------------

HOSTILE = {
    "no HTTP": b"\x16\x03\x01\x02\x00" + os.urandom(200) + b"\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 100000,
    "headers without end": b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20000,
    "a NUL": b"GET /metrics\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a NUL in the path": b"GET /metrics%00/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a body": b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n0123456789",
    "two lengths": b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n01234",
    "chunks": b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "a long Accept": b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: " + b"a," * 3000 + b"\r\nConnection: close\r\n\r\n",
}
for name, request in HOSTILE.items():
    answer = exchange(request)
    check(f"{name} is no way in", code(answer) in (0, 200, 400, 414, 431) and b"pagewarden.status" not in answer and
          daemon.poll() is None, answer[:300])
idle = [connect() for _ in range(40)]
for s in idle:
    s.setblocking(False)
    try:
        s.send(b"GET /metr")
    except OSError:
        pass  # turned away
time.sleep(1)
check("forty that say half a word take no place of the socket's", by_socket() == 200)
check("they are sent away in time", wait_for(lambda: code(ask("/metrics")) == 200, 20))
for s in idle:
    s.close()
slow = connect()
slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50)  # and never reads
check("one who never reads holds up nobody", code(ask("/metrics")) == 200 and by_socket() == 200)
slow.close()
text = exchange(b"GET /metrics HTTP/1.0\r\n\r\n").decode()
late = int(re.search(r"^pagewarden_ticks_late_total (\d+)", text, re.M).group(1))
ticks = int(re.search(r"^pagewarden_ticks_total (\d+)", text, re.M).group(1))
check("the daemon was never late for long", late <= ticks // 10, f"{late} of {ticks}")
daemon.terminate()
check("it stops in good order", daemon.wait(20) == 0)
log.seek(0)
check("no token is in its log", TOKEN.encode() not in log.read())
finish()
