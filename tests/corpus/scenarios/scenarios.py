# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenarios: real programs that leak, and real programs that only look like it.

Each says how it is started and what must be said of it. A rate is a rehearsal's: the
trends run on a scaled clock, so that 60 KiB/s at scale 60 are the 1 KiB/s of a real day.
"""
import glob
import os
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")


class Scenario:
    """One program, or one that serves and one that loads it.

    series: which series may be the suspect's; any of them in a leak.
    """

    def __init__(self, name, leaks, begin, series=(), needs=(), about=""):
        self.name, self.leaks, self.begin = name, leaks, begin
        self.series, self.needs, self.about = set(series), needs, about


class Place:
    """Where a scenario runs. enter: called in each child before it becomes its program."""

    def __init__(self, directory, built, enter):
        self.directory, self.built, self.enter = directory, built, enter

    def start(self, *argv, user=None):
        if user:
            argv = ("setpriv", "--reuid", user, "--regid", user, "--clear-groups", *argv)
        with open(os.path.join(self.directory, "log"), "ab") as log:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    cwd=self.directory, start_new_session=True, preexec_fn=self.enter)

    def done(self, *argv, user=None):
        if self.start(*argv, user=user).wait(timeout=120):
            raise RuntimeError(f"{argv[0]} failed; see {self.directory}/log")

    def wait_for(self, path, seconds=30):
        deadline = time.monotonic() + seconds
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} does not appear; see {self.directory}/log")
            time.sleep(0.1)


def built(name, *args):
    return lambda place: place.start(os.path.join(place.built, name), *args)


def script(interpreter, name, *args):
    return lambda place: place.start(interpreter, os.path.join(PROGRAMS, name), *args)


PYTHON = "/usr/bin/python3"


def redis(keys, *options, save=None):
    def begin(place):
        sock = os.path.join(place.directory, "redis.sock")
        place.start("redis-server", "--port", "0", "--unixsocket", sock, "--save", "", "--daemonize", "no",
                    *options)
        place.wait_for(sock)
        place.start(PYTHON, os.path.join(PROGRAMS, "redis_load.py"), sock, str(keys),
                    *([str(save)] if save else []))
    return begin


def memcached(place):
    sock = os.path.join(place.directory, "memcached.sock")
    place.start("memcached", "-s", sock, "-m", "24", "-u", "root")
    place.wait_for(sock)
    place.start(PYTHON, os.path.join(PROGRAMS, "memcached_load.py"), sock)


def postgres_bin(name):
    """Debian keeps the server's programs beside each other, by version, and not in PATH."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


def postgres(place, *options):
    """A server of its own in the scenario's directory; returns what clients connect with."""
    data = os.path.join(place.directory, "data")
    os.makedirs(data)
    os.chmod(place.directory, 0o755)
    shutil.chown(data, "postgres", "postgres")
    place.done(postgres_bin("initdb"), "-D", data, "-A", "trust", "--no-sync", user="postgres")
    place.start(postgres_bin("postgres"), "-D", data, "-k", data, "-c", "listen_addresses=", "-c", "fsync=off",
                *options, user="postgres")
    place.wait_for(os.path.join(data, ".s.PGSQL.5432"))
    for _ in range(100):
        if subprocess.run([postgres_bin("pg_isready"), "-h", data], stdout=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return data
        time.sleep(0.1)
    raise RuntimeError(f"postgres does not answer; see {place.directory}/log")


def postgres_session(place):
    data = postgres(place)
    statements = os.path.join(place.directory, "statements")
    os.mkfifo(statements)
    place.start(PYTHON, os.path.join(PROGRAMS, "prepare.py"), statements)
    place.start("psql", "-q", "-o", "/dev/null", "-h", data, "-U", "postgres", "-f", statements, "postgres")


def postgres_warm_up(place):
    data = postgres(place, "-c", "shared_buffers=64MB")
    place.done(postgres_bin("pgbench"), "-q", "-i", "-s", "8", "-h", data, "-U", "postgres", "postgres")
    place.start(postgres_bin("pgbench"), "-S", "-n", "-c", "2", "-R", "150", "-T", "3600", "-h", data, "-U",
                "postgres", "postgres")


def java(mode):
    return lambda place: place.start("java", "-Xms16m", "-Xmx192m", "-XX:+UseSerialGC",
                                     os.path.join(PROGRAMS, "Heap.java"), mode)


def compiler(place):
    """Batches of the compiler over the scenarios' own programs, one after the other, as make does."""
    place.start("/bin/sh", "-c", f"while :; do for f in {PROGRAMS}/*.c; do "
                "gcc -std=gnu11 -D_GNU_SOURCE -O2 -c -o out.o $f; sleep 0.6; done; sleep 4; done")


ANY = ("anon", "heap", "mapped")
SCENARIOS = [
    Scenario("churn", True, built("churn_leak", "60"), ANY,
             about="1 KiB/s under 100 MiB of churn, in C"),
    Scenario("request", True, built("request_leak"), ANY, about="300 bytes a request, varying load"),
    Scenario("list", True, built("list_leak"), ANY, about="a lost list head, in C++"),
    Scenario("burst", True, built("burst_leak"), ANY, about="2 MiB of each job stay"),
    Scenario("threads", True, built("thread_leak"), (*ANY, "threads", "page-tables"), about="unjoined threads"),
    Scenario("mmap", True, built("mmap_leak"), ANY, about="mmaps that are never unmapped"),
    Scenario("memfd", True, built("memfd_leak"), ("shmem",), about="memfd frames that stay mapped"),
    Scenario("descriptors", True, built("fd_leak"), ("open-files",), about="sockets and epoll descriptors"),
    Scenario("sparse", True, built("sparse_leak"), ("page-tables",), about="page tables of sparse touches"),
    Scenario("pool", True, built("pool_leak"), ANY, about="the parent of a pool grows, workers die"),
    Scenario("python-list", True, script(PYTHON, "global_list.py"), ANY, about="a global list in Python"),
    Scenario("python-ctypes", True, script(PYTHON, "ctypes_leak.py"), ANY, about="ctypes without free"),
    Scenario("node-listeners", True, script("node", "listeners.js"), ANY, ("node",), "listeners in Node.js"),
    Scenario("perl-cycles", True, script("perl", "cycles.pl"), ANY, about="reference cycles in Perl"),
    Scenario("postgres-session", True, postgres_session, ANY, ("postgres",),
             "statements prepared, never deallocated"),
    Scenario("index", True, built("index_growth"), ANY, about="an index that grows by design: growing"),

    Scenario("redis-lru", False, redis(120_000, "--maxmemory", "40mb", "--maxmemory-policy", "allkeys-lru"),
             needs=("redis-server",), about="redis fills to maxmemory"),
    Scenario("redis-bgsave", False, redis(15_000, save=12), needs=("redis-server",), about="redis BGSAVE"),
    Scenario("memcached", False, memcached, needs=("memcached",), about="memcached fills to -m"),
    Scenario("postgres-warm", False, postgres_warm_up, needs=("postgres",), about="shared_buffers warm up"),
    Scenario("sqlite", False, lambda place: place.start(PYTHON, os.path.join(PROGRAMS, "sqlite_cache.py"),
                                                        place.directory), about="SQLite's page cache"),
    Scenario("node-warm", False, script("node", "warm_up.js"), needs=("node",), about="Node.js warms up"),
    Scenario("python-warm", False, script(PYTHON, "warm_up.py"), about="Python warms up"),
    Scenario("java-sawtooth", False, java("sawtooth"), needs=("java",), about="java's saw-tooth"),
    Scenario("java-ratchet", False, java("ratchet"), needs=("java",), about="java's ratchet to -Xmx"),
    Scenario("arenas", False, built("arenas"), about="64 threads fragment glibc's arenas"),
    Scenario("thp", False, built("thp_bloat"), about="huge pages bloat a sparse table"),
    Scenario("surge", False, built("surge"), about="a surge of connections that recedes"),
    Scenario("daily", False, built("daily_load"), about="memory follows the load of the day"),
    Scenario("compiler", False, compiler, about="batches of gcc"),
    Scenario("cow", False, built("cow_server"), about="a forking server, copy on write"),
]
