"""Signal handlers and Ctrl-C that interrupt calls of the client."""

import contextlib
import signal
import time
import unittest

import numpy as np

from outage import OutageTest
from server import zoetrope


class Signals(OutageTest):
    @contextlib.contextmanager
    def ticking(self, tick):
        """Has a signal handler call tick again and again. The handler never interrupts itself, however slow the machine is."""
        on = True

        def handler(*_):
            if on:
                tick()
                signal.setitimer(signal.ITIMER_REAL, 0.002)

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        try:
            yield
        finally:
            on = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no timers here")
    def test_signal_handler(self):
        """A signal handler that logs may interrupt a call that logs."""
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        run.flush()
        ticks = []

        def tick():
            if len(ticks) < 100:
                ticks.append(10_000 + len(ticks))
                self.log(run, ticks[-1])

        epochs = range(100)
        with self.ticking(tick):
            for epoch in epochs:
                run.log(epoch, {"fc1": np.full((3, 2), epoch)}, metrics={"loss": epoch}, step=10 * epoch)
        self.assertTrue(run.finish())
        self.assertEqual((run.errors, self.epochs()), ([], [*epochs, *ticks]))
        self.assertGreater(len(ticks), 0)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no timers here")
    def test_signal_handler_in_the_journal(self):
        """A signal handler that logs an epoch, and so ends the journal, may interrupt a call that appends to it."""
        self.server.start()
        run = self.init()
        run.add_samples(ids=range(3))
        run.flush()
        ticks, steps = [], []

        def tick():
            k = len(ticks)
            ticks.append(k)
            self.assertTrue(run.log(k, {"fc1": np.full((3, 2), k)}, step=1_000_000 + k))
            self.assertTrue(run.log_metrics(2_000_000 + k, {"rate": 1}))

        with self.ticking(tick):
            while len(ticks) < 100:
                if run.log_metrics(len(steps), {"loss": len(steps)}):
                    steps.append(len(steps))
                else:
                    break
        self.assertTrue(run.finish(), run.errors)
        got = zoetrope.metrics("r", self.server.url)
        self.assertEqual((run.errors, self.epochs(), got["loss"]["step"].tolist()), ([], ticks, steps))
        self.assertEqual(len(got["rate"]), len(ticks))

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


if __name__ == "__main__":
    unittest.main()
