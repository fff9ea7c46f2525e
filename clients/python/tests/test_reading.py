"""Reading back: runs, samples, metrics, vectors and the points of a map, as NumPy arrays."""

import os
import subprocess
import unittest

import numpy as np

from server import ServerTest, zoetrope


class Reading(ServerTest):
    def setUp(self):
        super().setUp()
        self.vectors = np.random.default_rng(3).normal(size=(2, 30, 8)).astype("f4")
        with self.init("digits", "first", strict=True) as run:
            run.add_samples(labels=[f"Digit: {i % 3}" for i in range(30)])
            for epoch in 1, 2:
                run.log(epoch, {"fc1": self.vectors[epoch - 1]}, predictions=["p"] * 30, metrics={"loss": 1 / epoch})
        self.run_ = run
        os.environ["ZOETROPE_URL"] = self.server.url
        self.addCleanup(os.environ.pop, "ZOETROPE_URL")

    def project(self, *flags):
        command = [os.environ["ZOETROPE_BIN"], "project", "--db", str(self.server.db), "--n-epochs", "20", *flags]
        subprocess.run(command, check=True, capture_output=True)

    def test_runs(self):
        self.init("digits", "second")
        got = zoetrope.runs()
        self.assertEqual(got["name"].tolist(), ["second", "first"])
        self.assertEqual(got["last_epoch"].tolist(), [-1, 2])
        self.assertEqual(got[1]["id"], self.run_.id)

    def test_samples_and_metrics(self):
        got = zoetrope.samples("digits/first")
        self.assertEqual(got[4].tolist(), ("4", "Digit: 1"))
        self.assertEqual(zoetrope.metrics(self.run_)["loss"].tolist(), [(1, 1, 1.0), (2, 2, 0.5)])

    def test_vectors(self):
        for epoch, want in (1, 0), (2, 1), (None, 1):
            np.testing.assert_array_equal(zoetrope.vectors("first", epoch=epoch), self.vectors[want])
        run = self.init("digits", "second")
        with self.assertRaisesRegex(zoetrope.ZoetropeError, "has no epoch yet"):
            zoetrope.vectors("second")
        run.add_samples(ids=["x", "y", "z"])
        run.log(1, {"a b/c?": [[1, 2], [3, 4]], "other": [[1], [2]]}, ids=["z", "x"])
        run.flush()
        np.testing.assert_array_equal(zoetrope.vectors("second", "a b/c?"), [[3, 4], [np.nan, np.nan], [1, 2]])
        with self.assertRaisesRegex(zoetrope.ZoetropeError, "say which, with layer="):
            zoetrope.vectors("second")
        for given in ("nobody", "fc1", 1), ("first", "fc2", 1), ("first", "fc1", 9):
            with self.subTest(given), self.assertRaises(zoetrope.Refused):
                zoetrope.vectors(*given)

    def test_points(self):
        with self.assertRaisesRegex(zoetrope.ZoetropeError, "no map yet"):
            zoetrope.points()
        self.project()
        got = zoetrope.points(epoch=2)
        self.assertEqual(got.dtype.names, ("run", "epoch", "sample", "label", "prediction", "x", "y"))
        self.assertEqual((len(got), set(got["epoch"]), got[4]["label"], got[4]["prediction"]), (30, {2}, "Digit: 1", "p"))
        self.assertTrue(np.isfinite(got["x"]).all() and got["x"].std() > 0)
        self.assertEqual(len(zoetrope.points()), 60)
        for run in "digits/first", "first", self.run_, self.run_.id, zoetrope.runs()[0]:
            self.assertEqual(zoetrope.points(samples=[3, 4], run=run)["sample"].tolist(), ["3", "4", "3", "4"])
            self.assertEqual(len(zoetrope.vectors(run)), 30)
        self.run_.id = None  # as where the server has not answered yet
        self.assertEqual(len(zoetrope.points(run=self.run_, epoch=1)), 30)
        with self.assertRaises(zoetrope.Refused):
            zoetrope.points(run="nobody")
        self.project("--dims", "3")
        self.assertIn("z", zoetrope.points(epoch=1).dtype.names)

    def test_nobody_there(self):
        self.server.kill()
        with self.assertRaisesRegex(zoetrope.Unreachable, "no answer from"):
            zoetrope.runs()


if __name__ == "__main__":
    unittest.main()
