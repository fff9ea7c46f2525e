"""A disk that is full: a real one, a tmpfs of 4 MB. What was acknowledged is stored, and nothing else is left on it."""

import contextlib
import errno
import io
import os
import subprocess
import sys
import unittest

import numpy as np

from server import ServerTest, zoetrope


def _unmountable():
    if not hasattr(os, "getuid") or os.getuid() != 0:
        return "only root can mount a tmpfs"
    return ""


class FullDisk(ServerTest):
    def setUp(self):
        super().setUp()
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(self.spool)]
        self.spool.mkdir()
        why = _unmountable()
        if not why:
            done = subprocess.run(mount, capture_output=True, text=True)
            why = "" if done.returncode == 0 else done.stderr.strip()
        if why:
            print(f"\nSKIPPED: the tests of a full disk need a tmpfs of their own: {why}", file=sys.__stderr__)
            self.skipTest(why)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.spool)], check=True)
        said = contextlib.redirect_stderr(io.StringIO())
        self.said = said.__enter__()
        self.addCleanup(said.__exit__, None, None, None)

    def fill(self, but=0):
        """Fills the disk, but for so many bytes. It returns what frees them."""
        ballast = self.spool / "ballast"
        with open(ballast, "wb", buffering=0) as f:
            with contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))
            f.truncate(f.tell() - but)
        return ballast.unlink

    def steps(self, name="loss"):
        got = zoetrope.metrics("r", self.server.url)
        return got[name]["step"].tolist() if name in got else []

    def partial(self):
        return [p.name for p in self.spool.rglob(".*") if p.is_file()]

    def test_metrics(self):
        """Lines that the disk took only in part are no lines: what was acknowledged, and nothing else, is stored."""
        run = self.init()
        run.flush()
        self.server.kill()
        free = self.fill(but=8192)
        kept = [s for s in range(1, 301) if run.log_metrics(s, {"loss": s / 7, "accuracy": 1 / s})]
        self.assertTrue(50 < len(kept) < 300, len(kept))
        self.assertIn("No space left on device", self.said.getvalue())
        free()
        kept += [s for s in range(301, 401) if run.log_metrics(s, {"loss": s / 7, "accuracy": 1 / s})]
        self.assertEqual(kept[-100:], list(range(301, 401)))
        journal, = self.spool.glob("*/*.metrics")
        self.assertEqual(journal.read_bytes().count(b"\n"), len(kept))
        self.server.start()
        self.assertTrue(run.flush(20))
        self.assertEqual(self.steps(), kept)
        self.assertEqual((self.left(), self.partial()), ([], []))

    def test_epochs(self):
        """An epoch that the disk has no room for is refused and leaves nothing; the others are stored."""
        run = self.init()
        run.add_samples(ids=range(1000))
        run.flush()
        self.server.kill()
        layer = lambda e: {"fc1": np.full((1000, 300), e, "f4")}  # noqa: E731; 1.2 MB
        kept = [e for e in range(1, 8) if run.log(e, layer(e), metrics={"loss": e})]
        self.assertEqual((kept, self.partial()), ([1, 2, 3], []))
        self.server.start()
        self.assertTrue(run.flush(30))
        self.assertTrue(run.log(8, layer(8), metrics={"loss": 8}))
        run.finish()
        self.assertEqual((self.epochs(), self.left(), self.state()), ([1, 2, 3, 8], [], "finished"))
        for e in 1, 2, 3, 8:
            np.testing.assert_array_equal(self.stored(run, "fc1", e), layer(e)["fc1"])

    def test_end(self):
        """A run ends, and one that was ended elsewhere goes on, though the disk has not one byte left."""
        run = self.init()
        run.add_samples(ids=range(3))
        self.assertTrue(run.log(1, {"fc1": np.ones((3, 2))}))
        run.flush()
        self.assertTrue(run.log_metrics(5, {"loss": 5}))
        zoetrope._Server(self.server.url).call("POST", f"/api/v1/runs/{run.id}/finish")
        self.fill()
        self.assertTrue(run.finish())
        self.assertEqual((self.steps(), self.state(), self.epochs()), ([5], "finished", [1]))
        self.assertEqual([p.name for p in self.spool.iterdir()], ["ballast"])

    def test_start(self):
        """A spool that cannot be begun leaves nothing behind, and another place is used."""
        free = self.fill()
        run = self.init()
        self.addCleanup(__import__("shutil").rmtree, run._spool.path, True)
        self.assertIn("is used", self.said.getvalue())
        self.assertEqual([p.name for p in self.spool.iterdir()], ["ballast"])
        free()


class Journal(ServerTest):
    serving = False

    def test_line_by_line(self):
        """A line that is damaged costs itself, and is kept with the reason."""
        run = self.init(mode="offline")
        for step in range(5):
            run.log_metrics(step, {"loss": step})
        run.finish()
        file, = self.spool.glob("*/*.metrics")
        lines = file.read_bytes().splitlines(True)
        lines[2] = b'{"step":2,"val' + lines[2]
        file.write_bytes(b"".join(lines) + b'{"step":9,"values":{"loss"')
        self.server.start()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            zoetrope.sync(self.spool)
        self.assertEqual(zoetrope.metrics("r", self.server.url)["loss"]["step"].tolist(), [0, 1, 3, 4])
        self.assertIn("a line of the journal is damaged", said.getvalue())
        kept, = self.spool.glob("*/refused/*.metrics")
        self.assertEqual(kept.read_bytes(), lines[2])

    def test_written_in_part(self):
        """Also where a torn line cannot be taken back, it costs no other."""
        run = self.init(mode="offline")
        run.log_metrics(1, {"loss": 1})
        write, truncate = os.write, os.ftruncate
        self.addCleanup(setattr, os, "write", write)
        self.addCleanup(setattr, os, "ftruncate", truncate)

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        halves = iter([True, False])
        os.ftruncate, os.write = full, lambda f, line: write(f, line[:9]) if next(halves) else full()
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertFalse(run.log_metrics(2, {"loss": 2}))
        os.write, os.ftruncate = write, truncate
        self.assertTrue(run.log_metrics(3, {"loss": 3}))
        run.finish()
        self.server.start()
        with contextlib.redirect_stderr(io.StringIO()):
            zoetrope.sync(self.spool)
        self.assertEqual(zoetrope.metrics("r", self.server.url)["loss"]["step"].tolist(), [1, 3])


if __name__ == "__main__":
    unittest.main()
