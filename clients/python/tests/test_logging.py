"""Logging to a server, and reading back what it has stored."""

import contextlib
import io
import json
import signal
import sqlite3
import sys
import threading
import unittest

import numpy as np

import test_values
from server import ServerTest, wait, zoetrope
from test_values import pixels


class Logging(ServerTest):
    def test_everything(self):
        rng = np.random.default_rng(1)
        images = rng.integers(0, 256, (5, 8, 8), dtype=np.uint8)
        vectors = rng.normal(size=(3, 5, 16)).astype("f4")
        with self.init("digits", "first", params={"lr": 1e-3, "seed": 7}, tags=["wide"], notes="a\nb", strict=True) as run:
            run.add_samples(ids=range(10, 15), labels=list("abcde"), images=images, metadata={"writer": [1, 2, None, 4, 5.5]})
            for epoch in 0, 1, 2:
                run.log(epoch, {"fc1": vectors[epoch], "a/b c?": vectors[epoch, :, :2]}, predictions=[1, 2, 3, 4, 5], losses=rng.random(5),
                        confidences=[0.5, 1, float("nan"), 0, 1], metrics={"loss": epoch / 2, "odd": float("nan")}, step=100 * epoch)
                run.log_metrics(100 * epoch + 50, {"running loss": float("-inf")})
        self.assertEqual((run.errors, run.pending, self.left()), ([], 0, []))
        self.assertEqual(list(self.spool.iterdir()), [])

        url = self.server.url
        row = zoetrope.runs(url)[0]
        self.assertEqual((row["experiment"], row["name"], row["state"], row["epochs"], row["last_epoch"], row["samples"]),
                         ("digits", "first", "finished", 3, 2, 5))
        self.assertEqual(zoetrope.samples(run, url)["id"].tolist(), ["10", "11", "12", "13", "14"])
        self.assertEqual(zoetrope.samples("digits/first", url)["label"].tolist(), list("abcde"))
        for epoch in 0, 1, 2:
            np.testing.assert_array_equal(self.stored(run, "fc1", epoch), vectors[epoch])
            np.testing.assert_array_equal(self.stored(run, "a/b c?", epoch), vectors[epoch, :, :2])
        got = zoetrope.metrics("first", url)
        self.assertEqual(got["loss"].tolist(), [(0, 0, 0.0), (100, 1, 0.5), (200, 2, 1.0)])
        self.assertTrue(np.isnan(got["odd"]["value"]).all())
        self.assertEqual(got["running loss"].tolist(), [(50, 1, -np.inf), (150, 2, -np.inf), (250, 3, -np.inf)])

        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            params, tags, notes = db.execute("SELECT params, tags, notes FROM runs").fetchone()
            self.assertEqual((params, tags, notes), ('{"lr":0.001,"seed":7}', '["wide"]', "a\nb"))
            rows = db.execute("SELECT metadata, thumbnail FROM samples ORDER BY position").fetchall()
            self.assertEqual([m for m, _ in rows], ['{"writer":1}', '{"writer":2}', '{"writer":null}', '{"writer":4}', '{"writer":5.5}'])
            np.testing.assert_array_equal([pixels(t)[..., 0] for _, t in rows], images)

    def test_metadata(self):
        """Times and missing values of metadata reach the store, and samples that are added again are the same."""
        for _ in range(2):
            run = self.init(strict=True)
            run.add_samples(metadata={"when": np.array(["2024-02-29T12:30", "NaT"], "M8[ns]"), "x": np.array([0.5, np.nan]), "n": [np.int64(3), None]})
            run.finish()
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            rows = [json.loads(m) for m, in db.execute("SELECT metadata FROM samples ORDER BY position")]
        self.assertEqual(rows, [{"when": "2024-02-29T12:30:00", "x": 0.5, "n": 3}, {"when": None, "x": None, "n": None}])

    def test_some_samples(self):
        run = self.init(strict=True)
        run.add_samples(ids=["x", "y", "z"])
        run.log(1, {"fc1": [[1, 2], [3, 4]]}, predictions=["p", "q"], ids=["z", "x"])
        run.flush()
        np.testing.assert_array_equal(self.stored(run, "fc1", 1), [[3, 4], [np.nan, np.nan], [1, 2]])

    def test_in_parts(self):
        zoetrope._PART, before = 1000, zoetrope._PART
        self.addCleanup(setattr, zoetrope, "_PART", before)
        v = np.random.default_rng(2).normal(size=(100, 7)).astype("f4")
        run = self.init(strict=True)
        run.add_samples(ids=range(100))
        run.log(1, {"fc1": v})
        run.log(2, {"fc1": v[::-1]}, ids=range(99, -1, -1))
        run.flush()
        for epoch in 1, 2:
            np.testing.assert_array_equal(self.stored(run, "fc1", epoch), v)

    def test_again_and_back(self):
        run = self.init(strict=True)
        run.add_samples(ids=[1, 2])
        for epoch in 3, 1, 2, 2:
            run.log(epoch, {"fc1": np.full((2, 2), epoch)}, metrics={"loss": epoch})
        run.truncate_after(1)
        run.log(2, {"fc1": np.full((2, 2), 9)})
        run.finish()
        self.assertEqual((self.epochs(), self.state()), ([1, 2], "finished"))
        np.testing.assert_array_equal(self.stored(run, "fc1", 2), np.full((2, 2), 9))
        self.assertEqual(zoetrope.metrics("r", self.server.url)["loss"]["value"].tolist(), [1])

    def test_resume(self):
        first = self.init(params={"lr": 1})
        first.add_samples(ids=range(3), labels=range(3))
        first.log(4, {"fc1": np.ones((3, 2))}, step=40)
        first.finish()
        for more, message in [({"params": {"lr": 2}}, "other params: lr is 2, was 1"), ({"resume": "never"}, r"run (e/)?r exists"),
                              ({"name": "other", "resume": "must"}, r"no run (e/)?other")]:
            with self.subTest(message), self.assertRaisesRegex(zoetrope.Refused, message):
                self.init(**more)
        longer = self.init(resume="must", params={"lr": 3, "epochs": 20}, change=["lr"])  # epochs may be others in any case
        self.assertEqual((longer.id, longer.errors), (first.id, []))
        longer.finish()
        again = self.init(resume="must")
        self.assertEqual((again.id, again.last_epoch, again.last_step), (first.id, 4, 40))
        again.add_samples(ids=range(3), labels=range(3))
        again.log(5, {"fc1": np.ones((3, 2))})
        again.stop()
        self.assertEqual((again.errors, self.epochs(), self.state()), ([], [4, 5], "stopped"))

    def test_samples_in_batches(self):
        run = self.init(strict=True)
        for _ in range(2):  # the second time, the run has them already
            run.add_samples(labels=np.arange(4500) % 10, metadata=[{"n": i} for i in range(4500)])
        run.log(1, {"fc1": np.ones((4500, 2))})
        run.flush()
        self.assertEqual(len(zoetrope.samples("r", self.server.url)), 4500)

    def test_from_threads(self):
        run = self.init(strict=True)
        run.add_samples(ids=range(4))

        def log(k):
            for i in range(10):
                run.log(10 * k + i, {"fc1": np.full((4, 2), k)})
                run.log_metrics(10 * k + i, {"loss": i})

        threads = [threading.Thread(target=log, args=(k,)) for k in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        run.finish()
        self.assertEqual((run.errors, self.epochs()), ([], list(range(80))))
        self.assertEqual(len(zoetrope.metrics("r", self.server.url)["loss"]), 80)

    def test_hostile_names(self):
        for name in test_values.Notebook.hostile, "../../etc", "a/b/c", "%2F..%00", "Ünïcode 🎞", "?run=x&y#z", "-rf *":
            with self.subTest(name), self.init("e", name, strict=True) as run:
                run.add_samples(ids=[name, "y"], labels=[name, None])
                run.log(1, {name: np.ones((2, 3))}, predictions=[name, ""], metrics={name: 1})
                run.flush()
                self.assertEqual(zoetrope.samples(run, self.server.url)["label"].tolist(), [name, ""])
                self.assertEqual(self.stored(run, name, 1).shape, (2, 3))
                self.assertEqual(list(zoetrope.metrics(run, self.server.url)), [name])
        self.assertEqual(sorted(p.parent for p in self.folder.rglob("run.json")), [])

    def test_made_up_names(self):
        names = {self.init(name=None).name for _ in range(5)}
        self.assertEqual(len(names), 5)


class Mistakes(ServerTest):
    def test_noted(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            run = self.init()
            run.add_samples(ids=range(3))
            wait("the run is known", lambda: run._known == 0)
            for epoch in range(1, 5):
                self.assertFalse(run.log(epoch, {"fc1": np.ones((2, 2))}))  # a row is missing
            self.assertFalse(run.log(5, {"fc1": np.full((3, 2), np.nan)}))
            self.assertTrue(run.log(6, {"fc1": np.ones((3, 2))}))
            self.assertFalse(run.finish())  # something was refused
            self.assertFalse(run.log(7, {"fc1": np.ones((3, 2))}))
        self.assertEqual((self.epochs(), len(run.errors)), ([6], 6))
        text = said.getvalue()
        self.assertEqual(text.count("the run has 3 samples"), 1, text)
        self.assertEqual(text.count("has nan at sample '0'"), 1, text)
        self.assertEqual(text.count("has ended"), 1, text)

    def test_the_rest_is_logged(self):
        """A layer, an output or the metrics that cannot be logged cost nothing else of their epoch."""
        good, bad = np.ones((3, 2)), np.full((3, 2), np.nan)
        for epoch, (name, given, message) in enumerate([
            ("NaN in a layer", {"layers": {"a": bad, "b": good}}, "layer 'a' has nan at sample '0' (row 0), column 0"),
            ("infinity in a layer", {"layers": {"a": good * 1e39, "b": good}}, "layer 'a' has inf at sample '0'"),
            ("a layer of text", {"layers": {"a": [["x"]] * 3, "b": good}}, "layer 'a' is of type"),
            ("a layer of no array", {"layers": {"a": object(), "b": good}}, "layer 'a' is of type object"),
            ("a row is missing", {"layers": {"a": good[:2], "b": good}}, "layer 'a' has 2 rows, but the run has 3 samples"),
            ("a prediction too few", {"predictions": [1, 2], "layers": {"b": good}}, "predictions has 2 rows, but the run has 3 samples"),
            ("losses of text", {"losses": ["x"] * 3, "layers": {"b": good}}, "losses has shape (3,) and type"),
        ], 1):
            with self.subTest(name), contextlib.redirect_stderr(io.StringIO()) as said:
                run = self.init("e", name)
                run.add_samples(ids=range(3))
                wait("the run is known", lambda: run._known == 0)
                self.assertFalse(run.log(epoch, **{"confidences": [0.5, 0.25, 1], "metrics": {"loss": 0.5}, **given}))
                run.flush()
                self.assertEqual((len(run.errors), run.pending), (1, 0))
                self.assertIn(message, said.getvalue())
                np.testing.assert_array_equal(self.stored(run, "b", epoch), good)
                self.assertEqual(self.stored(run, "a", epoch).size, 0)
                url = self.server.url
                got = zoetrope._get(f"runs/{run.id}/epochs/{epoch}/outputs", url=url, token=None)
                self.assertEqual((got["prediction"], got["loss"], got["confidence"]), (None, None, [0.5, 0.25, 1]))
                self.assertEqual(zoetrope.metrics(run, url)["loss"]["value"].tolist(), [0.5])
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertFalse(run.log(100, {"a": bad}))  # nothing is left of it
            run.flush()
        self.assertNotIn(100, self.epochs(run.id))

    def test_strict(self):
        run = self.init(strict=True)
        run.add_samples(ids=range(3))
        with self.assertRaisesRegex(ValueError, "only finite"):
            run.log(1, {"fc1": np.full((3, 2), np.nan)})
        run.log(2, {"fc1": np.ones((1, 2))}, ids=["unknown"])  # only the server knows
        run.flush()
        with self.assertRaisesRegex(zoetrope.Refused, "unknown"):
            run.log(3, {"fc1": np.ones((3, 2))})
        run.log(3, {"fc1": np.ones((3, 2))})
        run.finish()
        self.assertEqual(self.epochs(), [3])

    def test_set_aside(self):
        """What the server refuses is kept, with the reason, and what follows is sent."""
        with contextlib.redirect_stderr(io.StringIO()):
            run = self.init()
            run.add_samples(ids=range(3))
            run.log(1, {"fc1": np.ones((1, 2))}, ids=["unknown"])
            run.log(2, {"fc1": np.ones((3, 2))})
            run.finish()
        self.assertEqual(self.epochs(), [2])
        kept = sorted(self.spool.glob("*/refused/*"))
        self.assertEqual([p.suffix for p in kept], [".epoch", ".txt"])
        self.assertIn("unknown", kept[1].read_text())
        self.assertIn("refuses epoch 1", str(run.errors[0]))

    def test_context(self):
        for name, error, state in [("a", None, "finished"), ("b", ValueError("diverged"), "failed"), ("c", KeyboardInterrupt(), "stopped"), ("d", SystemExit(0), "finished")]:
            with self.subTest(name):
                with contextlib.suppress(BaseException), self.init("e", name):
                    if error is not None:
                        raise error
                self.assertEqual(self.state(name), state)
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            self.assertEqual(db.execute("SELECT cause FROM runs WHERE name = 'b'").fetchone()[0], "ValueError: diverged")

    def test_disabled(self):
        run = zoetrope.init("e", "r", mode="disabled", url="http://127.0.0.1:1", dir=self.spool)
        self.assertTrue(run.log(1, {"fc1": "nonsense"}) and run.add_samples(1) and run.watch(1, 2, 3) and run.epoch_end(1) and run.finish())
        self.assertFalse(self.spool.exists())

    def test_another_server(self):
        """Something answers, but it is not Zoetrope: nothing is lost, and the training goes on."""
        import http.server

        class Other(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"hi")

            def log_message(self, *args):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other, contextlib.redirect_stderr(io.StringIO()) as said:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            run = self.init(url=f"http://127.0.0.1:{other.server_port}")
            run.add_samples(ids=range(2))
            run.finish(0.1)
            other.shutdown()
        self.assertIn("is not zoetrope", said.getvalue())
        self.assertEqual([n.split(".")[1] for n in self.left()], ["start", "samples", "finish"])


class Ends(ServerTest):
    """A program that ends without a word."""

    def ends(self, text, state, cause=None):
        program = self.program("run = zoetrope.init('e', 'r')\nrun.add_samples(ids=range(2))\nrun.log(1, {'fc1': np.ones((2, 2))})\n" + text)
        program.communicate(timeout=30)
        self.assertEqual((self.epochs(), self.state()), ([1], state))
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            self.assertEqual(db.execute("SELECT cause FROM runs").fetchone()[0], cause)

    def test_well(self):
        self.ends("", "finished")

    def test_with_an_error(self):
        self.ends("raise ValueError('diverged')", "failed", "ValueError: diverged")

    def test_interrupted(self):
        self.ends("import signal; os.kill(os.getpid(), signal.SIGINT); time.sleep(10)", "stopped")

    @unittest.skipUnless(hasattr(__import__("os"), "fork"), "no fork here")
    def test_forked(self):
        """A forked child leaves the run alone, also when it ends, and is told so when it logs."""
        self.ends("pid = os.fork()\nif not pid:\n  ok = run.log(2, {'fc1': np.ones((2, 2))}); sys.exit(3 if ok else 4)\n"
                  "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4", "finished")

    def test_exit_codes(self):
        for name, text, code, state, cause in [
            ("a", "sys.exit()", 0, "finished", None),
            ("b", "sys.exit(3)", 3, "failed", "exit code 3"),
            ("c", "sys.exit('no data')", 1, "failed", "exit code 1: no data"),
            ("d", "exit(4)", 4, "failed", "exit code 4"),
            ("e", "import argparse; argparse.ArgumentParser().parse_args(['--nonsense'])", 2, "failed", "exit code 2"),
            ("f", "try:\n  sys.exit(3)\nexcept SystemExit:\n  pass", 0, "finished", None),
            ("g", "import threading; t = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()", 0, "finished", None),
            ("h", "with run: sys.exit(5)", 5, "failed", "exit code 5"),
            ("i", "with run: raise SystemExit(6)", 6, "failed", "exit code 6"),
            ("j", "sys.exit(130)", 130, "stopped", None),
        ]:
            with self.subTest(text):
                program = self.program(f"run = zoetrope.init('e', {name!r})\n{text}")
                program.communicate(timeout=30)
                self.assertEqual((program.returncode, self.state(name)), (code, state))
                with contextlib.closing(sqlite3.connect(self.server.db)) as db:
                    self.assertEqual(db.execute("SELECT cause FROM runs WHERE name = ?", (name,)).fetchone()[0], cause)

    @unittest.skipUnless(hasattr(signal, "SIGHUP"), "no such signals here")
    def test_signals(self):
        """The signals that end a program end its run as stopped, and then the program as before; a forked child ends none."""
        for name, number, text in [("a", signal.SIGTERM, ""), ("b", signal.SIGHUP, ""), ("c", signal.SIGTERM, "run.__enter__()\n"),
                                   ("d", signal.SIGTERM, "r, w = os.pipe(); pid = os.fork()\nif not pid: os.write(w, b'x'); time.sleep(60)\n"
                                                         "import signal; os.read(r, 1); os.kill(pid, signal.SIGTERM); assert os.waitpid(pid, 0)[1] == signal.SIGTERM\n")]:
            with self.subTest(name):
                program = self.program(f"run = zoetrope.init('e', {name!r}); run.add_samples(ids=range(2))\n{text}run.log(1, {{'fc1': np.ones((2, 2))}})\n"
                                       "print('ready', flush=True)\nwhile True: time.sleep(0.01)")
                self.assertEqual(program.stdout.readline().strip(), "ready")
                program.send_signal(number)
                program.communicate(timeout=30)
                self.assertEqual((program.returncode, self.state(name), self.epochs(name)), (-number, "stopped", [1]))

    def test_nothing_of_ours_is_left(self):
        """What the client watches for the end of the program is as before when the last run has ended; what others set stays."""
        before = sys.exit, signal.getsignal(signal.SIGTERM)
        run, other = self.init("e", "a"), self.init("e", "b")
        self.assertNotEqual((sys.exit, signal.getsignal(signal.SIGTERM)), before)
        run.finish()
        self.assertNotEqual((sys.exit, signal.getsignal(signal.SIGTERM)), before)
        other.finish()
        self.assertEqual((sys.exit, signal.getsignal(signal.SIGTERM)), before)

        def mine(*_):
            pass

        signal.signal(signal.SIGTERM, mine)
        self.addCleanup(signal.signal, signal.SIGTERM, before[1])
        run = self.init("e", "c")
        self.assertIs(signal.getsignal(signal.SIGTERM), mine)
        run.finish()
        self.assertIs(signal.getsignal(signal.SIGTERM), mine)

    def test_copies(self):
        """A copy says that it is one; whatever is done with it, the run itself goes on."""
        import copy
        import pickle

        run = self.init(strict=True)
        run.add_samples(ids=range(2))
        for name, another in [("copied", copy.copy(run)), ("deep", copy.deepcopy({"run": run})["run"]), ("pickled", pickle.loads(pickle.dumps(run)))]:
            with self.subTest(name), contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertFalse(another.log(1, {"fc1": np.zeros((2, 2))}))
                self.assertIn("is a copy of run e/r", said.getvalue())
                another.flush()
                with another:
                    pass
                with contextlib.suppress(ValueError), another:
                    raise ValueError
                another.finish()
                another.fail("a copy")
                self.assertEqual((repr(another).split(",")[0], another.page), (repr(run).split(",")[0], run.page))
                del another
        self.assertTrue(run.log(2, {"fc1": np.ones((2, 2))}))
        self.assertTrue(run.finish())
        self.assertEqual((self.epochs(), self.state()), ([2], "finished"))

    def test_a_worker_that_is_spawned(self):
        import pickle

        run = pickle.loads(pickle.dumps(self.init()))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            run._owner += 1
            self.assertFalse(run.log(1))
        self.assertIn("log there", said.getvalue())


if __name__ == "__main__":
    unittest.main()
