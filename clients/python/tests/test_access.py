"""Servers that ask for a token, or are behind a path of a proxy."""

import contextlib
import http.server
import io
import os
import tempfile
import threading
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

    def test_token_goes_to_its_server_only(self):
        self.train(name="kept", token=None)  # in the spool, for the server's address
        with contextlib.closing(Listener()) as other:
            os.environ.update(ZOETROPE_URL=self.server.url, ZOETROPE_TOKEN=BOTH)
            self.addCleanup(os.environ.pop, "ZOETROPE_URL")
            self.addCleanup(os.environ.pop, "ZOETROPE_TOKEN")
            self.assertEqual(len(zoetrope.runs()), 0)
            for url in other.url, other.url + "/lab/zoetrope":
                with self.assertRaises(zoetrope.ZoetropeError):
                    zoetrope.runs(url)
            with contextlib.redirect_stderr(io.StringIO()):
                self.train(name="elsewhere", url=other.url)  # in the spool, for another address
                del os.environ["ZOETROPE_URL"]
                self.assertGreater(zoetrope.sync(self.spool), 0)  # two servers, and nobody says whose the token is
                os.environ["ZOETROPE_URL"] = self.server.url
                zoetrope.sync(self.spool)
            self.assertEqual(zoetrope.runs()["name"].tolist(), ["kept"])
            self.assertGreater(len(other.heard), 0)
            self.assertNotIn(BOTH, "".join(other.heard))


class Listener:
    """A server that keeps what it hears, and answers that there is nothing."""

    def __init__(self):
        self.heard = heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                heard.append(str(self.headers))
                self.send_error(404)

            do_GET = do_POST = do_PUT = answer
            log_message = lambda *_: None

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Tokens(unittest.TestCase):
    def test_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "tokens")
            os.environ["ZOETROPE_TOKEN_FILE"] = file
            self.addCleanup(os.environ.pop, "ZOETROPE_TOKEN_FILE")
            for text, log, read in [("secret\n", "secret", "secret"), ("# both\nread r\nlog l # mine\n", "l", "r"), ("read,log x", "x", "x")]:
                with open(file, "w") as f:
                    f.write(text)
                self.assertEqual(tuple(zoetrope._token(None, p, zoetrope.DEFAULT_URL) for p in ("log", "read")), (log, read))
                self.assertEqual(zoetrope._token("given", "log", zoetrope.DEFAULT_URL), "given")
            with open(file, "w") as f:
                f.write("read r\n")
            with self.assertRaisesRegex(ValueError, "no token that permits to log"):
                zoetrope._token(None, "log", zoetrope.DEFAULT_URL)
        with self.assertRaises(ValueError):
            zoetrope._token("a\r\nX-Evil: 1", "log", zoetrope.DEFAULT_URL)


if __name__ == "__main__":
    unittest.main()
