"""What users give, as what is sent."""

import argparse
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import re
import struct
import unittest
import uuid
import warnings
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
            ("NumPy's own", [np.int64(3), np.str_("x"), np.bool_(True)], ["3", "x", "true"]),
            ("none", [None, math.nan, np.datetime64("NaT"), decimal.Decimal("NaN"), np.ma.masked], [""] * 5),
            ("bytes", [b"cat", np.bytes_(b"dog"), "é".encode()], ["cat", "dog", "é"]),
            ("scalars as arrays", [np.array(3.0), np.array("x")], ["3", "x"]),
            ("an enumeration of ints", [enum.IntEnum("Kind", "cat dog")(2)], ["2"]),
            ("names", [uuid.UUID(int=7), pathlib.PurePosixPath("a/b.png")], ["00000000-0000-0000-0000-000000000007", "a/b.png"]),
            ("times of NumPy", np.array(["2024-02", "2024-03"], "M8[M]"), ["2024-02-01", "2024-03-01"]),
            ("hours of NumPy", np.array(["2024-02-29T12"], "M8[h]"), ["2024-02-29T12:00:00"]),
        ]:
            with self.subTest(name):
                got = zoetrope._texts(given, "labels")
                self.assertEqual(got, want)
                self.assertEqual({type(t) for t in got}, {str})
        for given in "abc", np.ones((2, 2)), ["a\0b"], ["\ud800"], [b"\xff"], [[1]], [{"a": 1}], [(1, 2)], [1j], [object()], [enum.Enum("Kind", "cat").cat]:
            with self.subTest(given), self.assertRaises(ValueError):
                zoetrope._texts(given, "labels")

    def test_one_text_per_value(self):
        """Every value of the table that package value of the server is held against has the same text here, whatever holds it."""
        table = json.loads((pathlib.Path(__file__).parents[3] / "internal/value/testdata/texts.json").read_text("utf-8"))
        moment = lambda s: datetime.datetime.fromisoformat(re.sub(r"\.(\d+)", lambda m: "." + m[1].ljust(6, "0"), s.replace("Z", "+00:00")))
        forms = {
            "text": [lambda s: [s], lambda s: np.array([s]), lambda s: np.array([s], object), lambda s: [s.encode()]],
            "null": [lambda s: [None], lambda s: np.array([None])],
            "bool": [lambda s: [s == "true"], lambda s: np.array([s == "true"])],
            "json": [lambda s: [json.loads(s)]],
            "decimal": [lambda s: [decimal.Decimal(s)]],
            "date": [lambda s: [datetime.date.fromisoformat(s)], lambda s: np.array([s], "M8[D]")],
            "datetime": [lambda s: [moment(s)], lambda s: np.array([s], "M8[us]"), lambda s: np.array([s], "M8[ns]")],
            "moment": [lambda s: [moment(s)]],
        }
        for bits in 8, 16, 32, 64:
            for kind in f"int{bits}", f"uint{bits}":
                forms[kind] = [lambda s: [int(s)], lambda s, t=kind: [np.dtype(t).type(int(s))], lambda s, t=kind: np.array([int(s)], t),
                               lambda s, t=kind: np.array([int(s)], np.dtype(t).newbyteorder(">")), lambda s, t=kind: np.array([np.dtype(t).type(int(s))], object)]
        for kind in "float16", "float32", "float64":
            forms[kind] = [lambda s, t=kind: [np.dtype(t).type(s)], lambda s, t=kind: np.array([s], float).astype(t), lambda s, t=kind: np.array([s], float).astype(np.dtype(t).newbyteorder(">"))]
        forms["float64"].append(lambda s: [float(s)])
        for row in table:
            for k, form in enumerate(forms[row["type"]]):
                with self.subTest(row, form=k):
                    if row.get("refused") in ("list", "object"):
                        with self.assertRaisesRegex(ValueError, row["refused"]):
                            zoetrope._texts(form(row["value"]), "labels")
                    elif "text" in row:  # JSON's numbers beyond float64 are infinite in Python
                        self.assertEqual(zoetrope._texts(form(row["value"]), "labels"), [row["text"]])
        self.assertGreater(len({row["type"] for row in table}), 17)

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

    def test_metadata(self):
        """Of every type there is, a value that JSON can have; what is missing is none."""
        utc, zone = datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=2))
        moment = datetime.datetime(2024, 2, 29, 12, 30)
        rows = [
            (None, None), (math.nan, None), (np.float32("nan"), None), (np.datetime64("NaT"), None), (np.timedelta64("NaT", "s"), None),
            (decimal.Decimal("NaN"), None), (np.ma.masked, None), (math.inf, "Infinity"), (np.float64("-inf"), "-Infinity"),
            (True, True), (np.bool_(False), False), (np.int8(-3), -3), (np.uint64(2**64 - 1), 2**64 - 1), (2**70, 2**70), (np.float16(0.5), 0.5),
            (np.longdouble(0.25), 0.25), (np.array(2), 2), (np.str_("x"), "x"), (b"caf\xc3\xa9", "café"), (decimal.Decimal("1.10"), 1.1), (decimal.Decimal("0.1234567890123456"), "0.1234567890123456"),
            (moment, "2024-02-29T12:30:00"), (moment.replace(microsecond=250000), "2024-02-29T12:30:00.25"), (moment.replace(tzinfo=utc), "2024-02-29T12:30:00Z"),
            (moment.replace(tzinfo=zone), "2024-02-29T10:30:00Z"), (moment.date(), "2024-02-29"), (moment.time(), "12:30:00"),
            (np.datetime64("2024-02-29"), "2024-02-29"), (np.datetime64("2024-02"), "2024-02-01"), (np.datetime64("2024-02-29T12"), "2024-02-29T12:00:00"),
            (np.datetime64("2024-02-29T12:30:00", "ns"), "2024-02-29T12:30:00"), (np.datetime64("2024-02-29T12:30:00.000000001"), "2024-02-29T12:30:00.000000001"),
            (datetime.timedelta(hours=1, seconds=5), "1:00:05"), (np.timedelta64(3605 * 10**9, "ns"), "1:00:05"),
            ([1, math.nan, np.datetime64("NaT")], [1, None, None]), ({"a": {"b": math.nan, 3: moment}}, {"a": {"b": None, "3": "2024-02-29T12:30:00"}}),
            (np.array(["2024-02-29", "NaT"], "M8[ns]"), ["2024-02-29T00:00:00", None]),
        ]
        try:
            import pandas
        except ImportError:
            pandas = None
        else:
            rows += [(pandas.NA, None), (pandas.NaT, None), (pandas.Timestamp("2024-02-29 12:30:00.000000001"), "2024-02-29T12:30:00.000000001"),
                     (pandas.Timestamp("2024-02-29 12:30", tz="Europe/Paris"), "2024-02-29T11:30:00Z"), (pandas.Period("2024-02"), "2024-02")]
        for given, want in rows:
            with self.subTest(repr(given)):
                for records in [{"x": given, "y": 1}], {"x": [given], "y": [1]}:
                    got = zoetrope._records(records, 1)
                    self.assertEqual(got, [{"x": want, "y": 1}])
                    self.assertEqual(json.loads(zoetrope._json(got)), got)
        if pandas is not None:
            frame = pandas.DataFrame({"when": pandas.to_datetime(["2024-02-29 12:30", None]), "n": pandas.array([1, None], "Int64"), "x": [0.5, None],
                                      "kind": pandas.Categorical(["a", None]), "ok": pandas.array([True, None], "boolean"), 3: ["é", None]})
            want = [{"when": "2024-02-29T12:30:00", "n": 1, "x": 0.5, "kind": "a", "ok": True, "3": "é"}, dict.fromkeys(["when", "n", "x", "kind", "ok", "3"])]
            for given in frame, dict(frame), frame.to_dict("records"), {k: frame[k].to_numpy() for k in frame}:
                self.assertEqual(zoetrope._count(metadata=given), 2)
                self.assertEqual(zoetrope._records(given, 2), want)
        with self.assertRaisesRegex(ValueError, "metadata has a list"):
            zoetrope._records([[1]], 1)

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
    def shown(self, *images, max_side=256):
        """What images, which are one scale, are sent as; no warning of NumPy's is given."""
        with np.errstate(all="raise"), warnings.catch_warnings():
            warnings.simplefilter("error")
            return [pixels(f) for f in zoetrope._pictures(list(images), max_side)]

    def test_kinds_of_number(self):
        for name, given, want in [
            ("black", np.zeros((1, 2)), [0, 0]),
            ("grey", np.full((1, 2), 0.5), [128, 128]),
            ("white", np.ones((1, 2)), [255, 255]),
            ("one number below 0", np.full((1, 2), -3.0), [0, 0]),
            ("one number above 255", np.full((1, 2), 300.0), [255, 255]),
            ("one number of 16 bits", np.full((1, 2), 257 * 77, np.uint16), [77, 77]),
            ("16 bits", np.array([[0, 257 * 10, 65535]], np.uint16), [0, 10, 255]),
            ("16 bits, big-endian", np.array([[0, 257 * 10, 65535]], ">u2"), [0, 10, 255]),
            ("8 bits in 64", np.array([[0, 10, 255]]), [0, 10, 255]),
            ("signed", np.array([[-128, 127]], np.int8), [0, 255]),
            ("float16", np.array([[0, 0.5, 1]], np.float16), [0, 128, 255]),
            ("some are not finite", np.array([[0, np.nan, np.inf, -np.inf, 0.5, 1]]), [0, 0, 255, 0, 128, 255]),
            ("none is finite", np.full((1, 2), np.nan), [0, 0]),
            ("large", np.array([[-1e38, 1e38]]), [0, 255]),
            ("truth values", np.array([[True, False]]), [255, 0]),
        ]:
            with self.subTest(name):
                self.assertEqual(self.shown(given)[0][0, :, 0].tolist(), want)

    def test_one_scale(self):
        """A dark image of a list, or of an array, is not made as bright as the others."""
        for dtype, most in ("f4", 200), ("u2", 60000), ("i8", 200), ("f8", 1e6):
            dark, bright = np.full((2, 2), most // 200, dtype), np.full((2, 2), most, dtype)
            black = np.zeros((2, 2), dtype)
            for given in [black, dark, bright], np.stack([black, dark, bright]):
                got = [p[0, 0, 0] for p in (pixels(f) for f in zoetrope._pictures(given, 256))]
                self.assertEqual(got[0], 0)
                self.assertIn(got[1], (1, 2))
                self.assertIn(got[2], (200, 255))

    def test_thin(self):
        """A picture of one row is made smaller whole, not cut off."""
        ramp = (np.arange(1024) // 4).astype(np.uint8)
        for given in ramp[None, :], ramp[:, None], np.stack([ramp] * 3), np.stack([ramp] * 3, axis=1)[None]:
            with self.subTest(given.shape):
                got = self.shown(given)[0]
                self.assertEqual(max(got.shape), 256)
                np.testing.assert_array_equal(got[..., 0].ravel(), np.arange(256))
        self.assertEqual(self.shown(ramp[None, :], max_side=1)[0].shape, (1, 1, 1))

    def test_where_channels_are(self):
        for name, shape, want in [("last", (5, 6, 3), (5, 6, 3)), ("first", (3, 5, 6), (5, 6, 3)), ("one row, last", (1, 28, 3), (1, 28, 3)), ("one row, first", (3, 1, 28), (1, 28, 3))]:
            with self.subTest(name):
                self.assertEqual(self.shown(np.zeros(shape, np.uint8))[0].shape, want)

    def test_pil(self):
        """Images of PIL are shown as they look, whatever their mode."""
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("SKIPPED: no PIL here (Debian: apt-get install python3-pil)")
        colour = np.zeros((4, 6, 3), np.uint8)
        colour[:2], colour[2:, :3], colour[2:, 3:] = (255, 0, 0), (0, 255, 0), (255, 255, 255)
        rgb = Image.fromarray(colour)
        seen = rgb.convert("RGBA")
        seen.putpixel((0, 0), (0, 0, 0, 0))
        palette = rgb.quantize(4)
        see_through = palette.copy()
        see_through.info["transparency"] = palette.getpixel((0, 0))
        grey = np.asarray(rgb.convert("L"))[..., None]
        for name, given, want in [
            ("RGB", rgb, colour),
            ("RGBA", seen, np.asarray(seen)),
            ("grey", rgb.convert("L"), grey),
            ("palette", palette, colour),
            ("palette with transparency", see_through, np.dstack([colour, np.where(colour[..., 1:2] == 0, 0, 255)])),
            ("inks", rgb.convert("CMYK"), colour),
            ("YCbCr", rgb.convert("YCbCr"), colour),
            ("HSV", rgb.convert("HSV"), colour),
            ("grey with transparency", rgb.convert("LA"), np.dstack([grey] * 3 + [np.full_like(grey, 255)])),
            ("1 bit", rgb.convert("L").point(lambda v: 255 * (v > 100), "1"), np.where(grey > 100, 255, 0)),
            ("16 bits", Image.fromarray(np.array([[0, 2570, 65535]], np.uint16)), np.array([[[0], [10], [255]]])),
            ("32 bits", Image.fromarray(np.array([[0, 2570, 65535]], np.int32)), np.array([[[0], [10], [255]]])),
            ("floats", Image.fromarray(np.array([[0, 0.5, 1]], np.float32)), np.array([[[0], [128], [255]]])),
            ("large", rgb.resize((600, 400), Image.NEAREST), colour.repeat(33, 0).repeat(33, 1)[:133, :200]),
        ]:
            with self.subTest(name):
                got = self.shown(given)[0]
                if name == "large":
                    self.assertEqual((got.shape, got[0, 0].tolist(), got[-1, 0].tolist()), ((133, 200, 3), [255, 0, 0], [0, 255, 0]))
                else:
                    np.testing.assert_allclose(got.astype(int), want, atol=2 if name == "YCbCr" else 0)

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
