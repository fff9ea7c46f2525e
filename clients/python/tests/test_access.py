"""Servers that ask for a token, or are behind a path of a proxy."""

import contextlib
import io
import os
import unittest

import numpy as np

from server import ServerTest, zoetrope

BOTH, LOG, READ = "b" * 16, "l" * 16, "r" * 16


class Access(ServerTest):
    serving = False

    def setUp(self):
        super().setUp()
        self.tokens = self.folder / "tokens"
        self.tokens.touch(mode=0o600)
        self.tokens.write_text(f"read,log {BOTH}\nlog {LOG}\n# for the team\nread {READ}\n")
        self.server.start("--token-file", str(self.tokens), "--base-path", "/lab/zoetrope/")
        self.server.url += "/lab/zoetrope"

    def train(self, **more):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            run = self.init(**more)
            run.add_samples(ids=range(3))
            run.log(1, {"fc1": np.ones((3, 2))})
            return run, run.finish(0.5), said.getvalue()

    def test_permitted(self):
        run, done, said = self.train(token=LOG)
        self.assertTrue(done, said)
        self.assertIn("/lab/zoetrope/?run=", run.page)
        self.assertEqual(zoetrope.vectors("r", url=self.server.url, token=READ).shape, (3, 2))
        with self.assertRaisesRegex(zoetrope.Refused, "your token permits log"):
            zoetrope.runs(self.server.url, LOG)
        os.environ["ZOETROPE_TOKEN_FILE"] = str(self.tokens)
        self.addCleanup(os.environ.pop, "ZOETROPE_TOKEN_FILE")
        self.assertEqual(len(zoetrope.runs(self.server.url)), 1)

    def test_kept_until_permitted(self):
        for token, message in [(None, "this server wants a token.*give a token with token= or"), (READ, "permits read, and this needs log"), ("w" * 16, "the token is none of")]:
            with self.subTest(token):
                run, done, said = self.train(name=message[:9], token=token)
                self.assertFalse(done)
                self.assertRegex(said, message)
                self.assertIn("What is logged is kept in", said)
        self.assertEqual(len(self.left()), 12)
        for name in self.spool.rglob("*"):
            if name.is_file():
                for token in BOTH, LOG, READ, "w" * 16:  # no token is written to the disk
                    self.assertNotIn(token.encode(), name.read_bytes())
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(zoetrope.sync(self.spool, token=BOTH), 0)
        self.assertEqual(zoetrope.runs(self.server.url, READ)["state"].tolist(), ["finished"] * 3)


if __name__ == "__main__":
    unittest.main()
