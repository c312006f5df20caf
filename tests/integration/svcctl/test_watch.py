# SPDX-License-Identifier: Apache-2.0
"""svcctl watch: events as a manifest changes, and how a watch ends."""
import json
import os
import signal
import subprocess
import unittest

from svcctl import (MANIFESTS, PROGRAM, SECONDS, Svcctl, clean_environment,
                    endpoint, endpoint_slice, pod, service)

NAME = "web.shop:http"
EVENT = """schema time generation source stale added removed changed
    count""".split()


def web(*endpoints):
    return service("web"), endpoint_slice("web", list(endpoints))


class TestJson(Svcctl):
    def event(self, process):
        line = process.stdout.readline()
        self.assertTrue(line, "the watch has ended")
        event = json.loads(line)
        self.assertEqual(event["schema"], "svcctl.watch/1")
        self.assertRegex(event["time"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        return event

    def changes(self, process):
        event = self.event(process)
        self.assertEqual(list(event)[:len(EVENT)], EVENT)
        return [[e["address"] for e in event[kind]]
                for kind in ("added", "removed", "changed")], event

    def watch(self, *arguments):
        return self.start("watch", "-f", self.folder, NAME, "-o", "json",
                          *arguments)

    def test_story(self):
        self.write(*web(endpoint("10.0.0.1"), endpoint("10.0.0.2")))
        process = self.watch()
        got, event = self.changes(process)
        self.assertEqual(got, [["10.0.0.1", "10.0.0.2"], [], []])
        self.assertEqual((event["generation"], event["source"],
                          event["stale"], event["count"]),
                         (1, "file", False, 2))
        self.write(*web(endpoint("10.0.0.2", targetRef=pod("web-2")),
                        endpoint("10.0.0.3")))
        got, event = self.changes(process)
        self.assertEqual(got, [["10.0.0.3"], ["10.0.0.1"], ["10.0.0.2"]])
        self.assertEqual(event["changed"][0]["pod"], "shop/web-2")
        self.assertEqual(event["generation"], 2)
        self.write(*web(endpoint("10.0.0.3", ready=False)))
        got, event = self.changes(process)
        self.assertEqual(got, [[], ["10.0.0.2", "10.0.0.3"], []])
        self.assertEqual((event["count"], event["code"]),
                         (0, "SVC_ENOENDPOINTS"))
        self.end(process)

    def test_trouble(self):
        path = self.write(*web(endpoint("10.0.0.1")))
        process = self.watch()
        self.changes(process)
        with open(path, "w", encoding="utf-8") as file:
            file.write("{\"kind\": ")
        event = self.event(process)
        self.assertEqual(list(event), ["schema", "time", "trouble"])
        self.assertEqual(list(event["trouble"]), ["code", "message", "hint"])
        self.assertEqual(event["trouble"]["code"], "SVC_EFILE")
        self.assertIn("cluster.json", event["trouble"]["message"])
        self.write(*web(endpoint("10.0.0.1")))
        got, event = self.changes(process)
        self.assertEqual(got, [[], [], []])
        self.assertEqual((event["count"], event["stale"]), (1, False))
        self.end(process)

    def test_begins_empty(self):
        self.write(service("other"))
        process = self.watch()
        got, event = self.changes(process)
        self.assertEqual((got, event["count"], event["code"]),
                         ([[], [], []], 0, "SVC_ENOSERVICE"))
        self.write(*web(endpoint("10.0.0.1")))
        got, event = self.changes(process)
        self.assertEqual(got, [["10.0.0.1"], [], []])
        self.assertNotIn("code", event)
        self.end(process)

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=SECONDS)
        self.assertEqual((process.returncode, out, err), (0, "", ""))


class TestTable(Svcctl):
    def test_events(self):
        path = self.write(*web(endpoint("10.0.0.1")))
        process = self.start("watch", "-f", path, NAME)
        self.assertEqual(process.stdout.readline().split()[:4],
                         ["TIME", "EVENT", "ADDRESS", "PORT"])
        self.assertEqual(process.stdout.readline().split()[1:4],
                         ["added", "10.0.0.1", "8080"])
        self.write(*web(endpoint("10.0.0.2", ready=False)))
        self.assertEqual(process.stdout.readline().split()[1:4],
                         ["removed", "10.0.0.1", "8080"])
        self.assertRegex(process.stdout.readline(), r"^\S+ empty .*web")

    def test_names(self):
        path = self.write(*web(endpoint("10.0.0.1")))
        process = self.start("watch", "-f", path, NAME, "-o", "name")
        self.assertEqual(process.stdout.readline(), "10.0.0.1:8080\n")
        self.write(*web(endpoint("10.0.0.2")))
        self.assertEqual(process.stdout.readline(), "10.0.0.2:8080\n")


class TestEnd(Svcctl):
    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("watch", "-f", MANIFESTS, "svc-nginx.dev")
            process.stdout.readline()
            process.send_signal(number)
            _, err = process.communicate(timeout=SECONDS)
            self.assertEqual((process.returncode, err), (0, ""))

    def test_timeout(self):
        lines = self.lines("watch", "-f", MANIFESTS, "svc-nginx.dev:80", "-o",
                           "json", "-t", "2s")
        self.assertEqual(len(lines), 1)
        self.assertEqual(json.loads(lines[0])["count"], 3)
        # An answer, though an empty one.
        self.ok("watch", "-f", MANIFESTS, "none.dev:80", "-t", "2s")

    def test_no_answer(self):
        done = self.run_svcctl("watch", "-f", self.folder + "/none", NAME,
                               "-o", "json", "-t", "300ms")
        self.assertEqual(done.returncode, 2)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(events[-1]["schema"], "svcctl.error/1")
        self.assertEqual(events[-1]["code"], "SVC_EFILE")

    def test_bad_name(self):
        self.assertIn("svc..dev", self.refused("watch", "-f", MANIFESTS,
                                               "svc..dev"))

    def test_reader_goes(self):
        """A watch whose reader has gone ends though nothing happens."""
        process = subprocess.Popen(
            [PROGRAM, "watch", "-f", MANIFESTS, "svc-nginx.dev"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment())
        process.stdout.readline()
        process.stdout.close()
        _, err = process.communicate(timeout=SECONDS)
        self.assertEqual(err, "")
        self.assertNotEqual(process.returncode, 0)


class TestFailStale(Svcctl):
    def test_stale_at_the_end(self):
        path = self.write(*web(endpoint("10.0.0.1")))
        process = self.start("watch", "-f", path, NAME, "-o", "json", "-t",
                             "5s", "--fail-stale")
        process.stdout.readline()
        os.unlink(path)
        self.assertIn("trouble", json.loads(process.stdout.readline()))
        process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 7)


if __name__ == "__main__":
    unittest.main()
