"""A real `zoetrope serve` for the tests, on a free loopback port, which can be killed and started again.

$ZOETROPE_BIN is the command. There is no stand-in for the server in these tests.
"""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
for name in [n for n in os.environ if n.startswith("ZOETROPE_") and n not in ("ZOETROPE_BIN", "ZOETROPE_KILLS", "ZOETROPE_REQUIRE_ALL")]:
    del os.environ[name]  # the tests say themselves what they need

import zoetrope  # noqa: E402


class Server:
    """`zoetrope serve` on one address and store."""

    def __init__(self, db):
        self.db = db
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, *flags):
        command = [os.environ["ZOETROPE_BIN"], "serve", "--db", str(self.db), "--create", "--addr", f"127.0.0.1:{self.port}", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if not self.process.stdout.readline().strip():
            raise AssertionError(f"the server does not start: {command}")
        return self

    def kill(self):
        """Ends the server as `kill -9` does."""
        if self.process is not None:
            self.process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class ServerTest(unittest.TestCase):
    """A test with a folder, a spool in it, and a server that runs."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="zoetrope-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.spool = self.folder / "spool"
        self.server = Server(self.folder / "runs.db")
        self.addCleanup(self.server.kill)
        if self.serving:
            self.server.start()

    serving = True

    def init(self, experiment="e", name="r", **more):
        """A run on the test's server, which ends with the test if it has not ended before."""
        run = zoetrope.init(experiment, name, **{"url": self.server.url, "dir": self.spool, **more})
        self.addCleanup(run.finish, 0.1)
        return run

    def program(self, text, **env):
        """Starts a Python program that has imported the client, as a process of its own."""
        head = f"import sys, os, time; sys.path.insert(0, {str(HERE.parent)!r}); import zoetrope, numpy as np\n"
        env = {**os.environ, "ZOETROPE_URL": self.server.url, "ZOETROPE_DIR": str(self.spool), **env}
        return subprocess.Popen([sys.executable, "-c", head + text], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def left(self):
        """The messages that wait in the spool folder."""
        return sorted(p.name for p in self.spool.glob("*/[0-9]*"))

    def stored(self, run, layer, epoch):
        """A frame, read from the store itself; NaN for samples that it does not have."""
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            rows = db.execute("SELECT v.vector FROM samples s LEFT JOIN vectors v ON v.run = s.run AND v.sample = s.sample AND v.layer = ? "
                              "AND v.epoch = ? WHERE s.run = ? ORDER BY s.position", (layer, epoch, run.id)).fetchall()
        dim = max(len(v or b"") for v, in rows) // 4
        return np.array([np.frombuffer(v, "<f4") if v else np.full(dim, np.nan) for v, in rows])

    def epochs(self, run="r"):
        got = zoetrope._get(f"runs/{zoetrope._quote(run)}/epochs", url=self.server.url, token=None)
        return [e["number"] for e in got["epochs"]]

    def state(self, run="r"):
        return zoetrope._get(f"runs/{zoetrope._quote(run)}", url=self.server.url, token=None)["state"]


class Network:
    """The way to a server, which can lose answers: it forwards, and cuts the connection instead of giving some back."""

    def __init__(self, port):
        self.to, self.lose, self.lost = port, lambda request: False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        """Requests of a connection, one after the other: each is read whole, passed on, and its answer given back or not."""
        with client, socket.create_connection(("127.0.0.1", self.to)) as server:
            requests, answers = client.makefile("rb"), server.makefile("rb")
            while True:
                request = _message(requests)
                if not request:
                    return
                server.sendall(request)
                answer = _message(answers)
                if not answer:
                    return
                if self.lose(request):
                    self.lost.append(request.split(b"\r\n", 1)[0].decode())
                    return
                client.sendall(answer)


def _message(f):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = f.readline()
        if not line:
            return b""
        head += line
    sizes = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (f.read(sizes[0]) if sizes else b"")


def wait(what, condition, seconds=20.0):
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s it does not hold that {what}")
        time.sleep(0.01)
