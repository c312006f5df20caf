# SPDX-License-Identifier: Apache-2.0
"""The programs of examples/ do what they say, and the README shows the first
as it is. They lie in the folder that the environment names: EXAMPLES."""
import os
import re
import socket
import subprocess
import threading
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
MANIFESTS = os.path.join(ROOT, "examples/manifests")
FOLDER = os.path.abspath(os.environ.get("EXAMPLES", "examples"))
NAME = "svc-nginx.dev:http"
PODS = ["10.244.1.18", "10.244.1.19", "10.244.2.18"]
LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"


def answer_once(server, answer):
    connection, _ = server.accept()
    with connection:
        connection.recv(512)
        connection.sendall(answer)


class TestExamples(unittest.TestCase):
    def run_example(self, name, *arguments, exit_status=0):
        done = subprocess.run([os.path.join(FOLDER, name), *arguments],
                              input="", capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, exit_status, done.stderr)
        if exit_status == 0:
            self.assertEqual(done.stderr, "")
        return done.stdout if exit_status == 0 else done.stderr

    def test_readme(self):
        self.assertEqual(self.run_example("readme",
                                          f"file://{MANIFESTS}#{NAME}"),
                         "".join(f"{address} 80\n" for address in PODS))
        self.assertIn("none", self.run_example(
            "readme", f"file://{MANIFESTS}#none.dev", exit_status=1))

    def test_readme_is_shown(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            blocks = re.findall(r"```c\n(.*?)```", file.read(), re.S)
        with open(os.path.join(ROOT, "examples/readme.c"),
                  encoding="utf-8") as file:
            code = file.read()
        self.assertTrue(code.startswith(LICENCE))
        self.assertEqual(blocks, [code[len(LICENCE):]])
        self.assertLessEqual(blocks[0].count("\n"), 15)

    def test_pick(self):
        lines = self.run_example("pick", MANIFESTS, NAME).splitlines()
        self.assertEqual(len(lines), 6)
        self.assertEqual(sorted(lines),
                         sorted(f"request to {address} port 80"
                                for address in PODS * 2))

    def test_connect(self):
        answer = b"HTTP/1.0 204 No Content\r\n\r\n"
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            name = f"127.0.0.1:{server.getsockname()[1]}"
            thread = threading.Thread(target=answer_once, args=(server, answer))
            thread.start()
            out = self.run_example("connect", name)
            thread.join()
        self.assertEqual(out, "HTTP/1.0 204 No Content\n")
        self.assertIn(f"{name}: Connection refused",
                      self.run_example("connect", name, exit_status=1))

    def test_watch(self):
        out = self.run_example("watch", MANIFESTS, NAME)
        self.assertIn(out, ("", "".join(f"added {address} port 80\n"
                                        for address in PODS) + "3 usable\n"))

    def test_memory(self):
        self.assertEqual(self.run_example("memory"),
                         "10.0.0.7 port 8080\n10.0.0.8 port 8080 not-ready\n")


if __name__ == "__main__":
    unittest.main()
