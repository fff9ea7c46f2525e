"""Servers that are away, answers that are lost, and processes that are killed: nothing is missing, and nothing is there twice."""

import contextlib
import io
import os
import random
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import unittest

import numpy as np

from server import HERE, Network, ServerTest, wait, zoetrope


class Outage(ServerTest):
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
        """Checks that the store has these epochs, whole, and the state, as after a training that nothing befell."""
        got = [(number, layer, n) for number, layer, n in
               self.rows("SELECT epoch, layer, count(*) FROM vectors GROUP BY epoch, layer ORDER BY epoch")]
        self.assertEqual(got, [(e, "fc1", 3) for e in epochs])
        got = [(e, np.frombuffer(v, "<f4").tolist()) for e, v in self.rows("SELECT epoch, vector FROM vectors ORDER BY epoch, sample")]
        self.assertEqual(got, [(e, [e, e]) for e in epochs for _ in range(3)])
        self.assertEqual(self.rows("SELECT step, value FROM metrics WHERE name = 'loss' ORDER BY step"), [(10 * e, e) for e in epochs])
        self.assertEqual(self.rows("SELECT step, value FROM metrics WHERE name = 'rate' ORDER BY step"), [(10 * e + 5, e) for e in epochs])
        self.assertEqual(self.rows("SELECT state, samples, epochs FROM runs"), [(state, 3, len(epochs))])
        self.assertEqual(self.left(), [])

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
        """A training is killed with kill -9 while the server is away; the next init sends what it left, before its own."""
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

    def test_sync(self):
        """The command sends what a killed process has left, once; what a living one has it leaves alone."""
        with contextlib.suppress(AttributeError):
            os.environ["ZOETROPE_DIR"] = str(self.spool)
            self.addCleanup(os.environ.pop, "ZOETROPE_DIR")
        run = self.init(mode="offline")
        run.add_samples(ids=range(3))
        self.log(run, 1, 2)
        self.assertEqual(self.command("sync"), (0, ""))
        self.assertIn("being logged", self.command("status")[1])
        run.finish()
        code, said = self.command("sync")
        self.assertEqual(code, 1)
        self.assertRegex(said, r"e/r: no answer from .*\n.*0 of 7 messages are sent; 7 are kept in")
        self.assertIn("7 messages", self.command("status")[1])
        self.server.start()
        code, said = self.command("sync")
        self.assertEqual((code, "7 of 7 messages are sent" in said), (0, True), said)
        self.complete([1, 2])
        self.assertEqual(self.command("sync"), (0, ""))
        self.assertEqual(list(self.spool.iterdir()), [])

    def command(self, *args):
        done = subprocess.run([sys.executable, "-m", "zoetrope", *args], cwd=HERE.parent, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_heartbeat(self):
        """A training that has nothing to say lets the server know that it lives."""
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

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no timers here")
    def test_signal_handler(self):
        """A signal handler that logs may interrupt a call that logs."""
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        run.flush()
        ticks = []

        def tick(*_):
            ticks.append(10_000 + len(ticks))
            self.log(run, ticks[-1])
            if len(ticks) == 100:
                signal.setitimer(signal.ITIMER_REAL, 0)

        before = signal.signal(signal.SIGALRM, tick)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        epochs = range(100)
        for epoch in epochs:
            run.log(epoch, {"fc1": np.full((3, 2), epoch)}, metrics={"loss": epoch}, step=10 * epoch)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.assertTrue(run.finish())
        self.assertEqual((run.errors, self.epochs()), ([], [*epochs, *ticks]))
        self.assertGreater(len(ticks), 0)

    def test_ended_elsewhere(self):
        """A run that somebody ends while it is logged goes on: epochs of one part, of several, and metrics alone."""
        self.server.start()
        zoetrope._PART, before = 1000, zoetrope._PART
        self.addCleanup(setattr, zoetrope, "_PART", before)
        for how in "finish", "stop", "fail":
            with self.subTest(how):
                run = self.init("e", how)
                run.add_samples(ids=range(100))
                layers = lambda e: {"a": np.full((100, 7), e, "f4"), "b": np.full((100, 2), -e, "f4")}  # noqa: E731
                for epoch in 1, 2, 3:
                    self.assertTrue(run.log(epoch, layers(epoch), metrics={"loss": epoch}) and run.flush(), run.errors)
                    zoetrope._Server(self.server.url).call("POST", f"/api/v1/runs/{run.id}/{how}")
                self.assertTrue(run.log_metrics(9, {"rate": 4}) and run.flush())
                self.assertTrue(run.finish())
                for epoch in 1, 2, 3:
                    for name, want in layers(epoch).items():
                        np.testing.assert_array_equal(self.stored(run, name, epoch), want)
                got = zoetrope.metrics(run, self.server.url)
                self.assertEqual((got["loss"]["value"].tolist(), got["rate"]["step"].tolist()), ([1, 2, 3], [9]))
                self.assertEqual((run.errors, self.left(), self.state(how)), ([], [], "finished"))
        self.assertIn("was ended or taken over elsewhere: it is resumed", self.said.getvalue())

    def test_two_of_one_name(self):
        """Who starts a run that another process logs is told so, and who starts one whose process is gone is not."""
        self.server.start()
        text = "run = zoetrope.init('e', 'r'); run.add_samples(ids=range(3)); print(run.flush(), [str(e) for e in run.errors], flush=True); time.sleep(60)"
        for spool in self.spool, self.folder / "elsewhere":
            with self.subTest(spool.name):
                child = self.program(text, ZOETROPE_DIR=str(spool))
                self.addCleanup(child.communicate)
                self.addCleanup(child.kill)
                self.assertEqual(child.stdout.readline().strip(), "True []")
                run = self.init()
                self.assertRegex("".join(map(str, run.errors)), rf"another process \(process {child.pid} on .*\) logs to this run too, and was heard of \d+ s ago")
                again = self.init()
                self.assertRegex("".join(map(str, again.errors)), "by an earlier init that was not finished")
                run.finish()
                again.finish()
                child.send_signal(signal.SIGTERM)
                child.communicate()
                run = self.init()
                self.assertEqual(run.errors, [])
                run.finish()
        child = self.program(text)
        self.addCleanup(child.communicate)
        self.assertEqual(child.stdout.readline().strip(), "True []")
        child.kill()
        child.wait()
        run = self.init()
        self.assertEqual(run.errors, [])

    def test_ended_while_away(self):
        """What a training has left of a run that was ended meanwhile is sent by who insists, and the run is ended again."""
        self.server.start()
        run = self.init("e", "r")
        run.add_samples(ids=range(3))
        self.assertTrue(run.flush())
        self.server.kill()
        self.log(run, 1)
        self.assertFalse(run.stop())
        self.server.start()
        elsewhere = self.program("zoetrope.init('e', 'r').finish()", ZOETROPE_DIR=str(self.folder / "other"))
        self.addCleanup(elsewhere.communicate)
        self.assertEqual(elsewhere.wait(20), 0)
        code, said = self.command("sync", "--dir", str(self.spool))
        self.assertEqual((code, self.epochs()), (1, []), said)
        self.assertIn("sync --refused` resumes the run", said)
        code, said = self.command("sync", "--refused", "--dir", str(self.spool))
        self.assertEqual(code, 0, said)
        self.complete([1], "stopped")
        self.assertEqual(list(self.spool.iterdir()), [])

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no timers here")
    def test_signal_handler_in_the_journal(self):
        """A signal handler that logs an epoch, and so ends the journal, may interrupt a call that appends to it."""
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        run.flush()
        ticks, steps = [], []

        def tick(*_):
            k = len(ticks)
            ticks.append(k)
            self.assertTrue(run.log(k, {"fc1": np.full((3, 2), k)}, step=1_000_000 + k))
            self.assertTrue(run.log_metrics(2_000_000 + k, {"rate": 1}))

        before = signal.signal(signal.SIGALRM, tick)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        while len(ticks) < 100:
            if run.log_metrics(len(steps), {"loss": len(steps)}):
                steps.append(len(steps))
            else:
                break
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.assertTrue(run.finish(), run.errors)
        got = zoetrope.metrics("r", self.server.url)
        self.assertEqual((run.errors, self.epochs(), got["loss"]["step"].tolist()), ([], ticks, steps))
        self.assertEqual(len(got["rate"]), len(ticks))

    def test_other_runs(self):
        """What other runs have left is sent when there is nothing else to do, but what was meant to stay offline is not."""
        for name, mode in ("a", "online"), ("b", "offline"):
            run = self.init("e", name, mode=mode)
            run.add_samples(ids=range(3))
            self.log(run, 1)
            run.finish(0)
        self.server.start()
        run = self.init("e", "c")
        wait("the run of another process is sent", lambda: self.rows("SELECT state FROM runs WHERE name = 'a'") == [("finished",)])
        run.finish()
        self.assertEqual({n for n, in self.rows("SELECT name FROM runs")}, {"a", "c"})
        self.assertEqual(len(self.left()), 5)

    def test_damaged(self):
        """What the loss of power has torn is kept and named, and the rest is sent."""
        run = self.init(mode="offline")
        run.add_samples(ids=range(3))
        self.log(run, 1, 2, 3)
        run.finish()
        files = sorted(self.spool.glob("*/*.epoch"))
        whole = files[0].read_bytes()
        files[0].write_bytes(whole[:-3])
        files[1].write_bytes(b"")
        with open(sorted(self.spool.glob("*/*.metrics"))[2], "ab") as f:
            f.write(b'{"step": 99, "val')
        self.server.start()
        self.assertEqual(zoetrope.sync(self.spool), 0)
        self.assertEqual(self.rows("SELECT DISTINCT epoch FROM vectors"), [(3,)])
        self.assertEqual(self.rows("SELECT step FROM metrics WHERE name = 'rate'"), [(15,), (25,), (35,)])
        self.assertEqual(len(list(self.spool.glob("*/refused/*.epoch"))), 2)
        self.assertRegex(self.said.getvalue(), "2 messages that the server refused are kept in")

    def test_bounded(self):
        run = self.init(spool_limit=20_000)
        run.add_samples(ids=range(100))
        kept = [e for e in range(1, 50) if run.log(e, {"fc1": np.ones((100, 10))})]
        self.assertEqual(kept, [1, 2, 3, 4])
        self.assertFalse(all(run.log_metrics(i, {"loss": 1}) for i in range(1000)))
        self.assertEqual(self.said.getvalue().count("NOT logged"), 1)
        self.assertRegex(str(run.errors[-1]), r"wait to be sent, and more than 20 KiB would: this is NOT logged\. Start the server at http")
        self.assertLess(sum(p.stat().st_size for p in self.spool.rglob("*") if p.is_file()), 30_000)
        self.server.start()
        self.assertTrue(run.flush(20))
        self.assertTrue(run.log(50, {"fc1": np.ones((100, 10))}))
        run.finish()
        self.assertEqual(self.epochs(), kept + [50])

    @unittest.skipIf(os.name == "nt" or os.getuid() == 0 and not os.path.exists("/proc/self/mountinfo"), "folders cannot be made unwritable here")
    def test_no_place_to_write(self):
        file = self.folder / "file"
        file.write_text("")
        run = self.init(dir=file / "spool", mode="offline")
        self.assertTrue(run.log(1))
        run.finish()
        self.assertRegex(self.said.getvalue(), "cannot be written .*, so .* is used")
        self.addCleanup(__import__("shutil").rmtree, run._spool.path, True)
        self.assertEqual(stat.S_IMODE(run._spool.path.stat().st_mode), 0o700)

    def test_disk_is_full(self):
        """Errors of the disk reach neither the training nor what is written already."""
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        run.flush()
        add, run._spool.add = run._spool.add, lambda *a, **k: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        self.assertFalse(run.log(1, {"fc1": np.ones((3, 2))}))
        self.assertIn("No space left on device", self.said.getvalue())
        run._spool.add = add
        self.log(run, 2)
        run.finish()
        self.complete([2])

    def test_spool_is_removed(self):
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        run.flush()
        __import__("shutil").rmtree(self.spool)
        self.assertFalse(run.log(1, {"fc1": np.ones((3, 2))}))
        run.finish()

    def test_never_slow(self):
        """Calls return at once, and so does the end, whether the server is away or takes requests and says nothing."""
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

    def test_interrupted_while_waiting(self):
        """Ctrl-C while the end waits for the server ends the process, and loses nothing."""
        child = self.program("run = zoetrope.init('e', 'r'); run.add_samples(ids=range(3)); run.log(1, {'fc1': np.ones((3, 2))})\n"
                             "print('ready', flush=True)\nrun.finish(60)")
        self.assertEqual(child.stdout.readline().strip(), "ready")
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=20)[1]
        self.assertIn("KeyboardInterrupt", said)
        self.assertRegex(said, r"4 messages of run e/r .* could not be sent yet")
        self.server.start()
        self.assertEqual(zoetrope.sync(self.spool), 0)
        self.assertEqual((self.epochs(), self.state()), ([1], "finished"))

    def test_two_trainings_at_once(self):
        """Two processes with one spool folder do not take each other's messages."""
        self.server.start()
        text = "run = zoetrope.init('e', sys.argv[0] + %r)\nrun.add_samples(ids=range(3))\n" \
               "for e in range(20): run.log(e, {'fc1': np.ones((3, 2))})\n"
        children = [self.program(text % name) for name in ("a", "b", "c")]
        for child in children:
            said = child.communicate(timeout=60)[1]
            self.assertEqual((child.returncode, re.findall("messages", said)), (0, []), said)
        self.assertEqual(self.rows("SELECT epochs, state FROM runs"), [(20, "finished")] * 3)
        self.assertEqual(self.left(), [])


class Tokens(unittest.TestCase):
    def test_file(self):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "tokens")
            os.environ["ZOETROPE_TOKEN_FILE"] = file
            self.addCleanup(os.environ.pop, "ZOETROPE_TOKEN_FILE")
            for text, log, read in [("secret\n", "secret", "secret"), ("# both\nread r\nlog l # mine\n", "l", "r"), ("read,log x", "x", "x")]:
                with open(file, "w") as f:
                    f.write(text)
                self.assertEqual((zoetrope._token(None, "log"), zoetrope._token(None, "read")), (log, read))
                self.assertEqual(zoetrope._token("given", "log"), "given")
            with open(file, "w") as f:
                f.write("read r\n")
            with self.assertRaisesRegex(ValueError, "no token that permits to log"):
                zoetrope._token(None, "log")
        with self.assertRaises(ValueError):
            zoetrope._token("a\r\nX-Evil: 1", "log")


if __name__ == "__main__":
    unittest.main()
