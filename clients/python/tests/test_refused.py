"""The unit of refusal is the value: one bad value in each call costs nothing but itself, wherever it is refused."""

import contextlib
import http.client
import http.server
import io
import sqlite3
import threading
import unittest

import numpy as np

from server import ServerTest, zoetrope
from test_outage import Outage

N = 50
LONG = "long " * 300  # 1,500 bytes: longer than a text may be
DOCUMENT = "long document " * 6000  # 84,000 bytes: longer than the metadata of a sample may be


def noise(side):
    """A picture that no compression makes smaller."""
    return np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)


def one(bad, good, at=7):
    """A column of 50 with one bad value in it."""
    return [bad if k == at else good for k in range(N)]


class Refusals(ServerTest):
    """What is stored, what is said, and what finish returns."""

    def setUp(self):
        super().setUp()
        said = contextlib.redirect_stderr(io.StringIO())
        self.said = said.__enter__()
        self.addCleanup(said.__exit__, None, None, None)

    def rows(self, query, *given):
        with contextlib.closing(sqlite3.connect(self.server.db)) as db:
            return db.execute(query, given).fetchall()

    def outputs(self, run, epoch):
        got = zoetrope._get(f"runs/{run.id}/epochs/{epoch}/outputs", url=self.server.url, token=None)
        if got["prediction"] is not None:
            got["prediction"] = [got["classes"][k] if k >= 0 else "" for k in got["prediction"]]
        return got

    ids = [f"d{k}" for k in range(N)]
    layer = np.arange(2 * N, dtype="f4").reshape(N, 2)

    # (name, what the call is given, what it says, what of the bad value is stored)
    samples = [
        ("a label that is too long", {"labels": one(LONG, "x")}, r"labels: 'long long .* has 1500 bytes, at most 1024 are allowed, at sample 'd7' \(row 7\)",
         "SELECT label FROM samples WHERE sample = 'd7'", None),
        ("a label that is no text", {"labels": one("a\0", "x")}, r"has a character that cannot be stored, at sample 'd7'", "SELECT label FROM samples WHERE sample = 'd7'", None),
        ("metadata that is too long", {"metadata": {"text": one(DOCUMENT, "short"), "n": list(range(N))}},
         r"has \d+ bytes as JSON, at most 65536 are allowed, so it is without 'text', at sample 'd7'", "SELECT metadata FROM samples WHERE sample = 'd7'", '{"n":7}'),
        ("a picture that is too large", {"images": one(noise(700), np.zeros((8, 8), np.uint8)), "max_side": 1000},
         r"images: it has \d+ bytes as PNG, at most 1048576 are allowed.*, at sample 'd7'", "SELECT thumbnail FROM samples WHERE sample = 'd7'", None),
        ("a picture that is none", {"images": one(b"GIF89a", np.zeros((8, 8), np.uint8))}, "image 7 is bytes, but no PNG file, at sample 'd7'",
         "SELECT thumbnail FROM samples WHERE sample = 'd7'", None),
    ]

    def test_samples(self):
        for name, given, message, query, left in self.samples:
            with self.subTest(name):
                run = self.init("e", name)
                self.assertFalse(run.add_samples(ids=self.ids, **given))
                self.assertRegex(str(run.errors[0]), message)
                self.assertEqual((len(run.errors), run._refused), (1, 1))
                for epoch in 1, 2:
                    self.assertTrue(run.log(epoch, {"fc1": self.layer}, metrics={"loss": epoch}), run.errors)
                self.assertTrue(run.flush())
                self.assertFalse(run.finish())
                self.assertEqual(self.rows("SELECT state, samples, epochs FROM runs WHERE name = ?", name), [("finished", N, 2)])
                (kept,), = self.rows(f"{query} AND run = ?", run.id)
                self.assertEqual(kept or None, left)
                column = query.split()[1]
                self.assertEqual(self.rows(f"SELECT count(*) FROM samples WHERE run = ? AND length({column}) > 0", run.id), [(N - (not left),)])
                self.assertIn(f"run e/{name}: 2 epochs, {N} samples stored; 1 refused; 0 waiting", self.said.getvalue())

    def test_a_sample(self):
        """A sample whose id cannot be stored is left out, and its row of what is logged."""
        for name, bad, message in [("too long", LONG, "has 1500 bytes, at most 1024 are allowed, at row 7"), ("no text", "a\0", "cannot be stored, at row 7"), ("none", "", "there is none, at row 7")]:
            for explicit in False, True:
                with self.subTest(name, explicit=explicit):
                    ids = [bad if k == 7 else i for k, i in enumerate(self.ids)]
                    run = self.init("e", f"{name} {explicit}")
                    self.assertFalse(run.add_samples(ids=ids, labels=["x"] * N))
                    self.assertIn(message, str(run.errors[0]))
                    more = {"ids": ids} if explicit else {}
                    self.assertTrue(run.log(1, {"fc1": self.layer}, predictions=self.ids, losses=np.arange(N), **more), run.errors)
                    self.assertTrue(run.log(2, {"fc1": self.layer[:8]}, ids=ids[:8]), run.errors)
                    run.flush()
                    rest = [k for k in range(N) if k != 7]
                    np.testing.assert_array_equal(self.stored(run, "fc1", 1), self.layer[rest])
                    np.testing.assert_array_equal(self.stored(run, "fc1", 2)[:7], self.layer[:7])
                    got = self.outputs(run, 1)
                    self.assertEqual((got["prediction"], got["loss"]), ([self.ids[k] for k in rest], rest))
                    self.assertEqual((run.finish(), run.errors[1:], len(zoetrope.samples(run, self.server.url))), (False, [], N - 1))

    def test_metrics(self):
        for name, bad, message in [("too long", {LONG: 1}, "metric name 'long .* has 1500 bytes, at most 1024 are allowed"), ("no number", {"note": None}, "metric 'note' is NoneType: want one number"),
                                   ("no text", {"a\0": 1}, "cannot be stored"), ("no name", {"": 1}, "want text")]:
            with self.subTest(name):
                run = self.init("e", name)
                for step in range(N):
                    self.assertEqual(run.log_metrics(step, {"loss": step, **(bad if step == 7 else {})}), step != 7)
                self.assertFalse(run.log(1, metrics={"acc": 1, **bad}))
                self.assertFalse(run.log_metrics(99, bad))
                self.assertRegex(str(run.errors[0]), message)
                self.assertFalse(run.finish())
                got = zoetrope.metrics(run, self.server.url)
                self.assertEqual((list(got), got["loss"]["step"].tolist(), got["acc"]["value"].tolist()), (["acc", "loss"], list(range(N)), [1]))
                self.assertIn(f"run e/{name}: 1 epoch, {N} metric steps stored; 3 refused; 0 waiting", self.said.getvalue().splitlines()[-1])

    def test_epochs(self):
        prediction = {"prediction": ["p"] * 7 + [""] + ["p"] * 42}
        for name, given, message, left in [
            ("a prediction that is too long", {"predictions": one(LONG, "p")}, "predictions: 'long .* at most 1024 are allowed, at sample 'd7'", prediction),
            ("a loss that is no number", {"losses": one("much", 0.5)}, "losses: an element is str: want one number, at sample 'd7'", {"loss": [0.5] * 7 + [None] + [0.5] * 42}),
            ("a confidence that is none", {"confidences": one(None, 1)}, "confidences: an element is NoneType.* at sample 'd7'", {"confidence": [1] * 7 + [None] + [1] * 42}),
            ("a layer's name that is too long", {"layers": {LONG: self.layer}}, "layer name 'long .* has 1500 bytes", {}),
            ("a layer that is too wide", {"layers": {"wide": np.ones((N, (1 << 18) + 1), "f4")}}, "has 262145 columns, at most 262144 are allowed", {}),
            ("a layer that has NaN", {"layers": {"nan": np.full((N, 2), np.nan)}}, "has nan at sample 'd0'", {}),
            ("a metric that is none", {"metrics": {"note": "x"}}, "metric 'note' is str", {}),
        ]:
            with self.subTest(name):
                run = self.init("e", name)
                run.add_samples(ids=self.ids)
                good = {"layers": {"fc1": self.layer}, "metrics": {"loss": 0.5}}
                self.assertTrue(run.log(1, **good))
                self.assertFalse(run.log(2, **{**good, **{k: {**good.get(k, {}), **v} if isinstance(v, dict) else v for k, v in given.items()}}))
                self.assertTrue(run.log(3, **good))
                self.assertRegex(str(run.errors[0]), message)
                self.assertEqual((len(run.errors), run._refused, run.finish()), (1, 1, False))
                self.assertEqual(self.epochs(run.id), [1, 2, 3])
                np.testing.assert_array_equal(self.stored(run, "fc1", 2), self.layer)
                self.assertEqual(list(zoetrope.metrics(run, self.server.url)), ["loss"])
                got = self.outputs(run, 2)
                self.assertEqual({k: got[k] for k in left}, left)

    def test_announced(self):
        """The limits are the server's, not the client's."""
        announced = zoetrope._get("limits", url=self.server.url, token=None)
        self.assertEqual({k: announced[k] for k in zoetrope._LIMITS}, zoetrope._LIMITS)
        self.unchecked(label_bytes=3, columns="many")
        run = self.init()
        self.assertTrue(run.flush())
        self.assertEqual(run._limits, {**zoetrope._LIMITS, "label_bytes": 3})
        self.assertFalse(run.add_samples(ids=["a"], labels=["long"]))
        self.assertIn("has 4 bytes, at most 3 are allowed", str(run.errors[0]))

    def test_too_much(self):
        """What the server has no memory for, or what is no request any more, would wait for ever: it is refused at the call."""
        self.unchecked(memory_bytes=1000, json_bytes=(1 << 20) + 200)
        run = self.init()
        run.add_samples(ids=self.ids)
        run.flush()
        self.assertFalse(run.log(1, {"a": self.layer, "wide": np.ones((N, 3))}, losses=[0.123456789] * N, metrics={"loss": 1}))
        self.assertRegex(str(run.errors[0]), r"layer 'wide' is of 600 bytes, and the layers of an epoch of at most 500 bytes are allowed, together")
        self.assertRegex(str(run.errors[1]), r"losses are of \d+ bytes together, and requests of at most 1 MiB are allowed")
        self.assertFalse(run.finish())
        self.assertEqual(self.rows("SELECT DISTINCT layer FROM vectors"), [("a",)])
        self.assertEqual(self.epochs(), [1])

    def test_strict(self):
        run = self.init(strict=True)
        with self.assertRaisesRegex(ValueError, "at most 1024 are allowed"):
            run.add_samples(ids=self.ids, labels=one(LONG, "x"))
        with self.assertRaisesRegex(ValueError, "metric 'note' is NoneType"):
            run.log(1, {"fc1": self.layer}, metrics={"loss": 1, "note": None})
        self.assertFalse(run.finish())
        self.assertEqual((self.epochs(), len(zoetrope.samples(run, self.server.url))), ([1], N))

    # What only the server knows.

    def unchecked(self, **limits):
        """Makes the client believe in other limits than the server's."""
        begun = zoetrope._Sender._begun
        self.addCleanup(setattr, zoetrope._Sender, "_begun", begun)

        def believe(sender, answer):
            begun(sender, {**answer, "limits": {**answer["limits"], **limits}})

        zoetrope._Sender._begun = believe

    def test_refused_by_the_server(self):
        """What the server refuses is found among what it takes, is set aside with the reason, and sent again on request."""
        more = dict.fromkeys(zoetrope._LIMITS, 1 << 30)
        self.unchecked(**more)
        run = self.init()
        labels = ["y" * 1500 if k in (3, 30) else "x" for k in range(N)]
        self.assertTrue(run.add_samples(ids=self.ids, labels=labels, metadata={"text": one(DOCUMENT, "short")}, images=[np.zeros((8, 8), np.uint8)] * N))
        for step in range(100):
            self.assertTrue(run.log_metrics(step, {"loss": step, **({"m" * 1500: 1} if step in (40, 41) else {})}))
        self.assertTrue(run.log(1, {"fc1": self.layer, "l" * 1500: self.layer}, predictions=one(LONG, "p"), metrics={"loss": 1, "m" * 1500: 1}, step=200))
        self.assertTrue(run.log(2, {"fc1": self.layer, "fc2": self.layer}, predictions=["p"] * N, ids=[*self.ids[:-1], "nobody"], step=201))
        self.assertFalse(run.flush())
        self.assertFalse(run.finish())
        self.assertEqual(len(zoetrope.samples(run, self.server.url)), N)
        self.assertEqual(self.rows("SELECT count(*) FROM samples WHERE label = 'x'"), [(N - 2,)])
        self.assertEqual(self.rows("SELECT count(*) FROM samples WHERE length(metadata) > 2"), [(N - 1,)])
        self.assertEqual(self.rows("SELECT count(*) FROM samples WHERE length(thumbnail) > 0"), [(N,)])
        self.assertEqual(self.rows("SELECT count(*) FROM metrics WHERE name = 'loss'"), [(101,)])
        np.testing.assert_array_equal(self.stored(run, "fc1", 1), self.layer)
        np.testing.assert_array_equal(self.stored(run, "fc2", 2)[:-1], self.layer[:-1])
        got = self.outputs(run, 1)
        self.assertEqual(got["prediction"], ["p"] * 7 + [""] + ["p"] * 42)
        said = self.said.getvalue()
        self.assertRegex(said, r"run e/r: 2 epochs, 50 samples, 100 metric steps stored; 11 refused; 0 waiting\. What the server refused is kept in .*`python -m zoetrope sync --refused` sends it again")
        kept = sorted(p.name.split(".")[1] for p in self.spool.glob("*/refused/*") if p.suffix != ".txt")
        self.assertEqual(kept, ["epoch", "epoch", "metrics", "samples"])
        # It is refused again, and stays; what can be stored by then is.
        self.assertEqual(zoetrope.sync(self.spool), 0)
        zoetrope._Server(self.server.url).call("POST", "/api/v1/runs", {"experiment": "e", "name": "r", "resume": "must"})
        zoetrope._Server(self.server.url).call("POST", f"/api/v1/runs/{run.id}/samples", {"samples": [{"id": "nobody"}]})
        zoetrope._Server(self.server.url).call("POST", f"/api/v1/runs/{run.id}/finish")
        self.assertEqual(zoetrope.sync(self.spool, refused=True), 0, self.said.getvalue())
        np.testing.assert_array_equal(self.stored(run, "fc2", 2)[:-2], self.layer[:-1])
        np.testing.assert_array_equal(self.stored(run, "fc2", 2)[-1], self.layer[-1])
        np.testing.assert_array_equal(self.stored(run, "fc1", 1)[:-1], self.layer)
        self.assertEqual((self.state(), self.rows("SELECT count(*) FROM metrics WHERE name = 'loss'")), ("finished", [(101,)]))
        kept = sorted(p.name.split(".")[1] for p in self.spool.glob("*/refused/*") if p.suffix != ".txt")
        self.assertEqual(kept, ["epoch", "metrics", "samples"])

    def test_known_with_another_label(self):
        """Samples that a resumed run has otherwise cost the others nothing."""
        with self.init() as run:
            run.add_samples(ids=self.ids[:10], labels=["x"] * 10)
        run = self.init()
        run.add_samples(ids=self.ids, labels=["x"] * 5 + ["other"] + ["x"] * 44)
        run.log(1, {"fc1": self.layer})
        self.assertFalse(run.finish())
        self.assertEqual(len(zoetrope.samples("r", self.server.url)), N)
        np.testing.assert_array_equal(self.stored(run, "fc1", 1), self.layer)
        self.assertIn("has sample \"d5\" already, with label", self.said.getvalue())

    def test_never_added(self):
        """A run without samples is a mistake of the program: it raises at once, also when not strict."""
        run = self.init()
        for call in [lambda: run.log(1, {"fc1": self.layer}), lambda: run.log(1, predictions=["x"])]:
            with self.assertRaisesRegex(zoetrope.ZoetropeError, "call add_samples once, before the training"):
                call()
        self.assertTrue(run.log(1, metrics={"loss": 1}))
        for given in [{"ids": ["a", "a"]}, {"ids": ["a"], "labels": ["x", "y"]}, {"ids": "abc"}, {"metadata": [1]}, {}]:
            with self.subTest(given), self.assertRaises(ValueError):
                run.add_samples(**given)
        self.assertTrue(run.add_samples(ids=self.ids))
        self.assertTrue(run.log(2, {"fc1": self.layer}) and run.finish())
        self.assertEqual(self.epochs(), [1, 2])
        again = self.init()
        self.assertTrue(again.log(3, {"fc1": self.layer}))  # the run has samples
        again.finish()


class Proxy(Outage):
    """A proxy with a limit of its own for bodies, as they have by default."""

    serving = True

    def setUp(self):
        super().setUp()
        test = self

        class Small(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                size = int(self.headers.get("Content-Length", 0))
                if size > test.most:
                    test.large.append(size)
                    if test.hasty:  # it answers, and leaves without having read
                        self.close_connection = True
                    else:
                        self.rfile.read(size)
                    answer, status, kind = b"<html>413 Request Entity Too Large</html>", 413, "text/html"
                else:
                    to = http.client.HTTPConnection("127.0.0.1", test.server.port)
                    to.request(self.command, self.path, self.rfile.read(size), dict(self.headers))
                    got = to.getresponse()
                    answer, status, kind = got.read(), got.status, got.headers["Content-Type"]
                    to.close()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = forward

            def log_message(self, *args):
                pass

        self.large = []
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Small)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        self.url = f"http://127.0.0.1:{proxy.server_port}"

    most, hasty = 60_000, False

    def test_split(self):
        """What is too large for the proxy is sent in pieces, and soon without asking."""
        rng = np.random.default_rng(1)
        vectors = rng.normal(size=(2000, 100)).astype("f4")  # 800 kB
        ids = [f"sample {k}" for k in range(2000)]
        run = self.init(url=self.url)
        run.add_samples(ids=ids, metadata=[{"text": "word " * 20}] * 2000)  # 250 kB
        for step in range(4000):
            run.log_metrics(step, {"loss": step})  # 150 kB
        for epoch in 1, 2, 3:
            run.log(epoch, {"a": vectors, "b": vectors[:, :3]}, metrics={"acc": epoch}, step=10_000 + epoch)
            run.log(10 + epoch, {"a": vectors[::-1]}, ids=ids[::-1], step=20_000 + epoch)
        self.assertTrue(run.finish(), self.said.getvalue())
        self.assertEqual(self.rows("SELECT state, samples, epochs FROM runs"), [("finished", 2000, 6)])
        self.assertEqual([r[0] for r in self.rows("SELECT step FROM metrics WHERE name = 'loss' ORDER BY step")], list(range(4000)))
        for epoch in 1, 2, 3:
            np.testing.assert_array_equal(self.stored(run, "a", epoch), vectors)
            np.testing.assert_array_equal(self.stored(run, "b", epoch), vectors[:, :3])
            np.testing.assert_array_equal(self.stored(run, "a", 10 + epoch), vectors)
        self.assertTrue(0 < len(self.large) < 30, self.large)

    def test_split_in_haste(self):
        """Also where the proxy answers before it has read the body, and closes."""
        self.hasty = True
        vectors = np.random.default_rng(1).normal(size=(2000, 1000)).astype("f4")  # 8 MB
        run = self.init(url=self.url)
        run.add_samples(ids=range(2000))
        run.log(1, {"a": vectors})
        self.assertTrue(run.finish(), self.said.getvalue())
        np.testing.assert_array_equal(self.stored(run, "a", 1), vectors)

    def test_value(self):
        """A value that is too large by itself is the only one that is lost, and is kept for a proxy that is less strict."""
        run = self.init(url=self.url)
        run.add_samples(ids=range(3), labels=list("abc"), images=[np.zeros((8, 8), np.uint8), noise(200), np.zeros((8, 8), np.uint8)])
        run.log(1, {"fc1": np.ones((3, 2)), "wide": np.ones((3, 20_000))})
        run.log(2, {"fc1": np.ones((3, 2))})
        self.assertFalse(run.finish())
        self.assertEqual(self.rows("SELECT label, thumbnail IS NOT NULL AND length(thumbnail) > 0 FROM samples ORDER BY position"), [("a", 1), ("b", 0), ("c", 1)])
        self.assertEqual(self.rows("SELECT DISTINCT epoch, layer FROM vectors ORDER BY epoch, layer"), [(1, "fc1"), (2, "fc1")])
        self.assertRegex(self.said.getvalue(), "2 epochs, 3 samples stored; 2 refused; 0 waiting")
        self.most = 1 << 20
        self.assertEqual(zoetrope.sync(self.spool, refused=True), 0)
        self.assertEqual(self.rows("SELECT DISTINCT epoch, layer FROM vectors ORDER BY epoch, layer"), [(1, "fc1"), (1, "wide"), (2, "fc1")])


for name in [n for n in dir(Outage) if n.startswith("test_")]:
    setattr(Proxy, name, None)  # they are run where they are written

del Outage

if __name__ == "__main__":
    unittest.main()
