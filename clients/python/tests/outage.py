"""A test case for a server that is away."""

import contextlib
import io
import sqlite3
import subprocess
import sys

import numpy as np

from server import HERE, ServerTest


class OutageTest(ServerTest):
    """A test whose server is away until the test starts it."""

    serving = False

    def setUp(self):
        super().setUp()
        self.said = self.enterContext_(contextlib.redirect_stderr(io.StringIO()))

    def enterContext_(self, context):  # unittest has it since Python 3.11
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            return db.execute(query).fetchall()

    def log(self, run, *epochs):
        for epoch in epochs:
            self.assertTrue(run.log(epoch, {"fc1": np.full((3, 2), epoch)}, metrics={"loss": epoch}, step=10 * epoch), run.errors)
            self.assertTrue(run.log_metrics(10 * epoch + 5, {"rate": epoch}), run.errors)

    def complete(self, epochs, state="finished"):
        """Checks that the store has these epochs, whole, and the state, as after an undisturbed training."""
        got = [(number, layer, n) for number, layer, n in
               self.rows("SELECT epoch, layer, count(*) FROM vectors GROUP BY epoch, layer ORDER BY epoch")]
        self.assertEqual(got, [(e, "fc1", 3) for e in epochs])
        got = [(e, np.frombuffer(v, "<f4").tolist()) for e, v in self.rows("SELECT epoch, vector FROM vectors ORDER BY epoch, sample")]
        self.assertEqual(got, [(e, [e, e]) for e in epochs for _ in range(3)])
        self.assertEqual(self.rows("SELECT step, value FROM metrics WHERE name = 'loss' ORDER BY step"), [(10 * e, e) for e in epochs])
        self.assertEqual(self.rows("SELECT step, value FROM metrics WHERE name = 'rate' ORDER BY step"), [(10 * e + 5, e) for e in epochs])
        self.assertEqual(self.rows("SELECT state, samples, epochs FROM runs"), [(state, 3, len(epochs))])
        self.assertEqual(self.left(), [])

    def command(self, *args):
        done = subprocess.run([sys.executable, "-m", "zoetrope", *args], cwd=HERE.parent, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr
