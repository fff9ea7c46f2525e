"""Runs and spool folders that several processes use."""

import re
import signal
import unittest

import numpy as np

from outage import OutageTest
from server import wait, zoetrope


class Shared(OutageTest):
    def test_ended_elsewhere(self):
        """A run that is ended elsewhere while it is logged goes on: epochs of one part, of several, and metrics alone."""
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
        """Starting a run that another process logs gives a warning; starting one whose process is gone does not."""
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
        """Messages of a run that was ended meanwhile are sent with --refused only, and the run is ended again."""
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

    def test_other_runs(self):
        """Messages of other runs are sent when there is nothing else to do, except those of offline runs."""
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


if __name__ == "__main__":
    unittest.main()
