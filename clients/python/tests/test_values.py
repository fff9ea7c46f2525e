"""What users give, as what is sent."""

import argparse
import dataclasses
import json
import math
import pathlib
import struct
import unittest
import zlib

import numpy as np

from server import zoetrope


def pixels(png):
    """Decodes a PNG file whose rows are not filtered."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size = 8, b"", None
    while at < len(png):
        n, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + n]
        assert struct.unpack(">I", png[at + 8 + n:at + 12 + n])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">IIBBBBB", body)
        data += body if kind == b"IDAT" else b""
        at += 12 + n
    width, height, depth, color = size[:4]
    assert depth == 8
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, {0: 1, 2: 3, 6: 4}[color])


class Vectors(unittest.TestCase):
    def test_taken(self):
        want = np.arange(6, dtype="<f4").reshape(2, 3)
        for name, given in {
            "lists": [[0, 1, 2], [3, 4, 5]],
            "list of arrays": [np.arange(3), np.arange(3, 6)],
            "float64": want.astype("f8"),
            "float16": want.astype("f2"),
            "big-endian": want.astype(">f4"),
            "ints": want.astype("i8"),
            "columns first": np.asfortranarray(want),
            "every other row": np.repeat(want, 2, axis=0)[::2],
            "backwards": want[::-1][::-1],
            "three dimensions": want.reshape(2, 3, 1),
        }.items():
            with self.subTest(name):
                got = zoetrope._vectors(given, "layer 'a'", [])
                self.assertEqual((got.dtype.str, got.flags.c_contiguous), ("<f4", True))
                np.testing.assert_array_equal(got, want)

    def test_refused(self):
        nan = np.ones((3, 4))
        nan[1, 2] = np.nan
        for name, given, message in [
            ("one dimension", [1, 2, 3], "shape"),
            ("empty", np.zeros((0, 3)), "shape"),
            ("no columns", np.zeros((3, 0)), "shape"),
            ("text", [["a", "b"]], "type"),
            ("complex", np.ones((2, 2), complex), "type"),
            ("NaN", nan, "sample 'y' (row 1), column 2"),
            ("beyond float32", [[1e39]], "inf at sample 'x'"),
        ]:
            with self.subTest(name), self.assertRaises(ValueError) as e:
                zoetrope._vectors(given, "layer 'a'", ["x", "y", "z"])
            self.assertIn(message, str(e.exception))
            self.assertIn("layer 'a'", str(e.exception))

    def test_parts(self):
        zoetrope._PART, before = 64, zoetrope._PART
        self.addCleanup(setattr, zoetrope, "_PART", before)
        v = np.arange(50, dtype="<f4").reshape(10, 5)
        parts = list(zoetrope._parts("a", v, [str(i) for i in range(10)]))
        rows, ids = [], []
        for k, (layer, number, pieces) in enumerate(parts):
            body = b"".join(pieces)
            self.assertEqual((layer, number, body[:4]), ("a", k, b"ZFR1"))
            size = struct.unpack("<I", body[4:8])[0]
            head = json.loads(body[8:8 + size])
            ids += head["ids"]
            rows.append(np.frombuffer(body[8 + size:], "<f4").reshape(head["rows"], head["dim"]))
        self.assertEqual((len(parts), ids), (4, [str(i) for i in range(10)]))
        np.testing.assert_array_equal(np.concatenate(rows), v)


class Columns(unittest.TestCase):
    def test_texts(self):
        for name, given, want in [
            ("text", ["a", "é\u200b\n", ""], ["a", "é\u200b\n", ""]),
            ("ints", np.array([1, 20]), ["1", "20"]),
            ("NumPy's own", [np.int64(3), np.str_("x"), np.bool_(True)], ["3", "x", "True"]),
            ("none", [None, math.nan], ["", ""]),
            ("bytes", [b"cat", b"\xff"], ["cat", "�"]),
        ]:
            with self.subTest(name):
                self.assertEqual(zoetrope._texts(given, "labels"), want)
        for given in "abc", np.ones((2, 2)), ["a\0b"], ["\ud800"]:
            with self.subTest(given), self.assertRaises(ValueError):
                zoetrope._texts(given, "labels")

    def test_numbers(self):
        self.assertEqual(zoetrope._numbers([1, math.nan, math.inf, -math.inf], "losses"), [1.0, "NaN", "Infinity", "-Infinity"])
        self.assertEqual(zoetrope._numbers(np.ones((2, 1), "f2"), "losses"), [1.0, 1.0])
        for given in [["a"], np.ones((2, 2)), 3.0, [None]]:
            with self.subTest(given), self.assertRaises(ValueError):
                zoetrope._numbers(given, "losses")

    def test_metrics(self):
        given = {"loss": np.float32(0.5), "n": 3, "ok": True, "nan": math.nan, "inf": -math.inf, "array": np.array(2.0)}
        self.assertEqual(zoetrope._metrics(given), {"loss": 0.5, "n": 3, "ok": 1, "nan": "NaN", "inf": "-Infinity", "array": 2})
        for given in [{"loss": "much"}, {"": 1}, {1: 1}, {"a\0": 1}, {"loss": [1, 2]}, [1], {"loss": None}]:
            with self.subTest(given), self.assertRaises(ValueError):
                zoetrope._metrics(given)

    def test_whole(self):
        self.assertEqual([zoetrope._whole("epoch", v) for v in (0, np.int64(7), np.array(3))], [0, 7, 3])
        for v in -1, 1.5, "3", None, 1 << 60:
            with self.subTest(v), self.assertRaises(ValueError):
                zoetrope._whole("epoch", v)

    def test_params(self):
        @dataclasses.dataclass
        class Config:
            lr: float = 0.1
            path: pathlib.PurePath = pathlib.PurePosixPath("/data")

        self.assertEqual(zoetrope._plain(zoetrope._params(Config())), {"lr": 0.1, "path": "/data"})
        self.assertEqual(zoetrope._params(argparse.Namespace(a=1)), {"a": 1})
        odd = {"f": zoetrope.init, "set": {"b", "a"}, 3: np.arange(2), "nan": math.nan, "deep": ({"x": np.float32(0.5)},)}
        want = {"f": "function", "set": ["a", "b"], "3": [0, 1], "nan": "NaN", "deep": [{"x": 0.5}]}
        self.assertEqual(zoetrope._plain(odd), want)
        with self.assertRaises(ValueError):
            zoetrope._params([1])

    def test_names(self):
        for experiment, name in [("a/b", "r"), ("e", " r"), ("e", "r\n"), ("e", "x" * 201), ("e", "\ud800"), ("e", 3)]:
            with self.subTest(f"{experiment!r}, {name!r}"), self.assertRaises(ValueError):
                zoetrope.init(experiment, name, mode="disabled")
        for more in {"mode": "on"}, {"resume": True}, {"name": None, "resume": "must"}:
            with self.subTest(more), self.assertRaises(ValueError):
                zoetrope.init("e", **{"name": "r", "mode": "disabled", **more})

    def test_addresses(self):
        for url, want in [
            ("http://127.0.0.1:8420/", "http://127.0.0.1:8420"),
            ("host:80", "http://host:80"),
            ("https://host/base/path/", "https://host/base/path"),
            ("http://[::1]:8420", "http://[::1]:8420"),
        ]:
            self.assertEqual(zoetrope._address(url), want)
        for url in "ftp://host", "http://", "http://host:port", "http://a b", "http://user:secret@host", "http://host\r\nX: y":
            with self.subTest(url), self.assertRaises(ValueError):
                zoetrope._address(url)


class Pictures(unittest.TestCase):
    def test_encoded(self):
        gray = np.arange(40, dtype=np.uint8).reshape(2, 4, 5)  # two of 4×5
        for name, given, want in [
            ("bytes", gray, gray[..., None]),
            ("one channel", gray[..., None], gray[..., None]),
            ("channels first", gray[:, None], gray[..., None]),
            ("0…1", np.array([[[0, 0.5], [1, 0.25]]]), np.array([[[[0], [128]], [[255], [64]]]])),
            ("0…255", np.array([[[0.0, 200.4]]]), np.array([[[[0], [200]]]])),
            ("normalised", np.array([[[-2.0, 0.0, 2.0]]]), np.array([[[[0], [128], [255]]]])),
            ("bool", np.array([[[True, False]]]), np.array([[[[255], [0]]]])),
            ("colour", np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3), np.arange(24).reshape(1, 2, 4, 3)),
            ("colour, channels first", np.arange(60, dtype=np.uint8).reshape(1, 3, 4, 5), np.moveaxis(np.arange(60).reshape(1, 3, 4, 5), 1, -1)),
            ("alpha", np.arange(24, dtype=np.uint8).reshape(1, 2, 3, 4), np.arange(24).reshape(1, 2, 3, 4)),
        ]:
            with self.subTest(name):
                files = zoetrope._pictures(given, 256)
                np.testing.assert_array_equal([pixels(f) for f in files], want)

    def test_lists(self):
        file = zoetrope._png(np.zeros((1, 1, 1), np.uint8))
        got = zoetrope._pictures([None, file, np.ones((2, 3), np.uint8), np.ones((3, 2, 2))], 256)
        self.assertEqual((got[0], got[1], pixels(got[2]).shape, pixels(got[3]).shape), (None, file, (2, 3, 1), (2, 2, 3)))

    def test_made_smaller(self):
        for height, width, want in [(600, 300, (200, 100)), (100, 1000, (25, 250)), (1, 1024, (1, 256)), (256, 256, (256, 256)), (257, 257, (128, 128))]:
            with self.subTest(f"{height}×{width}"):
                got = pixels(zoetrope._pictures([np.full((height, width, 3), 77, np.uint8)], 256)[0])
                self.assertEqual(got.shape[:2], want)
                self.assertTrue((got == 77).all())

    def test_refused(self):
        for given in [[b"GIF89a"], np.ones((2, 3)), np.ones((2, 5, 5, 5)), np.ones((1, 2, 2), complex), np.zeros((1, 0, 4))]:
            with self.subTest(given), self.assertRaises(ValueError):
                zoetrope._pictures(given, 256)


class Notebook(unittest.TestCase):
    hostile = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;"

    def test_escaped(self):
        run = zoetrope.init("e<b>", self.hostile, mode="disabled", url="http://127.0.0.1:1/base")
        for shown in run._repr_html_(), run.show(300)._repr_html_():
            for bad in "<script", "<img", "<b>", "onerror='":
                self.assertNotIn(bad, shown)
            self.assertEqual(shown.count("<"), 6)  # p, a and iframe, opened and closed
            self.assertIn('src="http://127.0.0.1:1/base/?run=e%3Cb%3E/%22%3E%3Cscript', shown)
            self.assertIn("&lt;script&gt;", shown)

    def test_no_other_address(self):
        for url in "javascript:alert(1)", 'http://host/"onload="alert(1)', "data:text/html,x":
            with self.subTest(url):
                try:
                    shown = zoetrope.init("e", "r", mode="disabled", url=url)._repr_html_()
                except ValueError:
                    continue
                self.assertNotIn('"onload', shown)
                self.assertNotIn('src="javascript', shown)

    def test_height(self):
        with self.assertRaises(ValueError):
            zoetrope.init("e", "r", mode="disabled").show('1" onload="alert(1)')


if __name__ == "__main__":
    unittest.main()
