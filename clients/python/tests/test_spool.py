"""The folder that keeps what the server has not received yet."""

import contextlib
import os
import stat
import unittest

import numpy as np

from outage import OutageTest
from server import zoetrope


class Spool(OutageTest):
    def test_sync(self):
        """The command sends the messages of a killed process, once, and leaves those of a living process alone."""
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

    def test_damaged(self):
        """Files torn by a loss of power are kept and named, and the others are sent."""
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
        """Errors of the disk affect neither the training nor the messages written before."""
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


if __name__ == "__main__":
    unittest.main()
