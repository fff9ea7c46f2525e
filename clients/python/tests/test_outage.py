"""Servers that are away, answers that are lost, and processes that are killed: nothing is missing, and nothing is there twice."""

import os
import random
import signal
import sys
import time
import unittest

import numpy as np

from outage import OutageTest
from server import Network, wait, zoetrope


class Outage(OutageTest):
    def test_away_at_first(self):
        begun = time.monotonic()
        run = self.init(params={"a": 1})
        self.assertLess(time.monotonic() - begun, 2)
        run.add_samples(ids=range(3))
        self.log(run, 1, 2, 3)
        self.assertGreaterEqual(run.pending, 5)
        self.server.start()
        self.assertTrue(run.flush(20))
        self.log(run, 4)
        self.assertTrue(run.finish())
        self.complete([1, 2, 3, 4])
        self.assertEqual(len(run.errors), 1)
        self.assertRegex(self.said.getvalue(), r"no answer from .*\(Connection refused\)\. What is logged is kept in .* and sent when it answers")
        self.assertIn("answers: ", self.said.getvalue())

    def test_killed_again_and_again(self):
        """The server is killed at any moment while epochs are sent, and started again."""
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        for epoch in range(1, 31):
            self.log(run, epoch)
            if epoch % 5 == 0:
                time.sleep(0.002 * epoch)
                self.server.kill()
            elif epoch % 5 == 2 and self.server.process is None:
                self.server.start()
        self.server.start()
        self.assertTrue(run.finish(), self.said.getvalue())
        self.complete(range(1, 31))

    def test_answers_are_lost(self):
        """A network that loses the answer of every other request: each message is stored once."""
        self.server.start()
        network = Network(self.server.port)
        self.addCleanup(network.close)
        seen = set()

        def lose(request):
            line = request.split(b"\r\n", 1)[0]
            first = line not in seen
            seen.add(line)
            return first

        network.lose = lose
        run = self.init(url=network.url, resume="never")
        run.add_samples(ids=range(3))
        self.log(run, *range(1, 6))
        run.truncate_after(4)
        run.log_metrics(45, {"rate": 4})  # what was logged since epoch 4 is gone
        self.assertTrue(run.finish())
        self.complete(range(1, 5))
        self.assertGreaterEqual(len(network.lost), 10)
        self.assertEqual(self.rows("SELECT count(*) FROM runs"), [(1,)])

    def test_process_is_killed(self):
        """A training is killed with kill -9 while the server is away; the next init sends the messages left, before its own."""
        program = "run = zoetrope.init('e', 'r', params={'a': 1}); run.add_samples(ids=range(3))\n" \
                  "for e in %s:\n  run.log(e, {'fc1': np.full((3, 2), e)}, metrics={'loss': e}, step=10 * e); run.log_metrics(10 * e + 5, {'rate': e})\n"
        for epochs in "(1, 2, 3)", "(4,)":
            child = self.program(program % epochs + "print('logged', flush=True); time.sleep(60)")
            self.assertEqual(child.stdout.readline().strip(), "logged")
            child.send_signal(signal.SIGKILL)
            child.communicate()
        self.assertEqual(len(self.left()), 2 + 6 + 2 + 2)
        self.server.start()
        run = self.init(params={"a": 1})
        self.log(run, 5)
        self.assertTrue(run.finish())
        self.complete(range(1, 6))
        self.assertEqual(list(self.spool.iterdir()), [])

    def test_killed_at_random(self):
        """Trainings are killed at random moments, one after the other, and the server too: every epoch that was logged is there."""
        self.server.start()
        chance, logged = random.Random(7), []
        program = "run = zoetrope.init('e', 'r'); run.add_samples(ids=range(3))\n" \
                  "for e in range(%d, %d):\n  assert run.log(e, {'fc1': np.full((3, 2), e)}, metrics={'loss': e}, step=10 * e)\n" \
                  "  assert run.log_metrics(10 * e + 5, {'rate': e})\n  os.write(1, b'%%d\\n' %% e)\n"
        for k in range(int(os.environ.get("ZOETROPE_KILLS", 8))):
            child = self.program(program % (1000 * k, 1000 * k + 1000))
            first = child.stdout.readline()
            time.sleep(0.2 * chance.random())
            if chance.random() < 0.3:
                self.server.kill()
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read()  # of the same stream: communicate() forgets what readline() has read ahead
            child.communicate()
            logged += [int(line) for line in (first + rest).splitlines()]
            if self.server.process is None:
                self.server.start()
        self.assertEqual(zoetrope.sync(self.spool), 0, self.said.getvalue())
        stored = self.rows("SELECT epoch, count(*), min(length(vector)) FROM vectors GROUP BY epoch")
        self.assertEqual({row[1:] for row in stored}, {(3, 8)})
        self.assertEqual(set(logged) - {e for e, _, _ in stored}, set())
        for name, step in ("loss", 0), ("rate", 5):
            there = {s for s, in self.rows(f"SELECT step FROM metrics WHERE name = '{name}'")}
            self.assertEqual({10 * e + step for e in logged} - there, set())
        print(f"{k + 1} trainings killed, {len(logged)} epochs logged, none lost", file=sys.__stderr__)
        self.assertGreater(len(logged), 50)

    def test_heartbeat(self):
        """A training without anything to log sends heartbeats."""
        self.server.start()
        network = Network(self.server.port)
        self.addCleanup(network.close)
        seen = []
        network.lose = lambda request: seen.append(request.split(b" ")[1])
        zoetrope._BEAT, before = 0.05, zoetrope._BEAT
        self.addCleanup(setattr, zoetrope, "_BEAT", before)
        run = self.init(url=network.url)
        wait("there were heartbeats", lambda: sum(path.endswith(b"/heartbeat") for path in seen) > 2)
        self.server.kill()
        time.sleep(0.2)
        self.server.start()
        run.add_samples(ids=range(3))
        self.log(run, 1)
        self.assertTrue(run.finish())
        self.complete([1])

    def test_never_slow(self):
        """Calls return at once, and so does the end, whether the server is away or accepts connections and never answers."""
        import socket

        with socket.create_server(("127.0.0.1", 0)) as silent:
            for url in self.server.url, f"http://127.0.0.1:{silent.getsockname()[1]}":
                with self.subTest(url):
                    run = self.init(name=None, url=url, wait=0.2)
                    run.add_samples(ids=range(2000))
                    vectors = np.ones((2000, 128), "f4")
                    run.log(0, {"fc1": vectors})
                    begun = time.thread_time()
                    for epoch in range(1, 11):
                        run.log(epoch, {"fc1": vectors}, losses=np.ones(2000))
                    self.assertLess(time.thread_time() - begun, 1)  # CPU time, on a machine that is busy too
                    begun = time.monotonic()
                    self.assertFalse(run.finish(1.0))
                    self.assertLess(time.monotonic() - begun, 10)


if __name__ == "__main__":
    unittest.main()
