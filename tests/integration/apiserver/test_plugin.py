# SPDX-License-Identifier: Apache-2.0
"""Credential plugins: what they are given, when they run, what is made of what
they print, and what is left of them (faults A4, A32, 3.4)."""
import json
import os
import shlex
import signal
import subprocess
import time
import unittest

import api_tools
from api_tools import MINUTE, NAME, SECONDS, Asking, encoded, environment

TOKEN = "to.Ken-42"
NEWER = "to.Ken-43"
VERSION = "client.authentication.k8s.io/v1"
HOUR = 3600


def setUpModule():
    global MADE
    MADE = api_tools.set_up_module()
    for name in ("plug", "plain"):
        MADE.sign(name, "ca")


def later(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() + seconds))


def is_alive(pid):
    """A zombie is not: it only waits for who has inherited it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Plugins(Asking):
    secrets = ("to.Ken",)

    def script(self, *lines, name="plugin"):
        """Notes each run."""
        runs = shlex.quote(self.path("runs"))
        return self.put(name, "\n".join(
            ["#!/bin/sh", f"echo $$ >>{runs}", *lines, ""]), 0o700)

    def say(self, name="said", **status):
        """A line of a script that prints a credential; the file may be
        replaced under way."""
        self.put(name, json.dumps({
            "kind": "ExecCredential", "apiVersion": VERSION,
            "status": status}))
        return f"cat {shlex.quote(self.path(name))}"

    def runs(self):
        try:
            with open(self.path("runs"), encoding="ascii") as file:
                return [int(line) for line in file]
        except FileNotFoundError:
            return []

    def plugged(self, command="./plugin", cluster=None, **more):
        return self.config({"exec": {
            "apiVersion": VERSION, "command": command,
            "interactiveMode": "IfAvailable", **more}}, cluster)

    def usual(self):
        self.script(self.say(token=TOKEN))
        return self.plugged()


class TestMayRun(Plugins):
    def test_by_default(self):
        self.good(self.usual())
        self.assertEqual({r.bearer for r in self.api.requests}, {TOKEN})
        self.assertEqual(len(self.runs()), 1)

    def test_denied(self):
        log = self.bad(6, self.usual(), "--exec", "deny")
        self.assertIn("option exec is \"deny\"", log)
        said = self.tell(self.asker(kubeconfig=self.path("config")))
        self.assertIn("done SVC_EAUTH ", said)
        self.assertEqual((self.runs(), self.api.connections), ([], 0))

    def test_writable_by_others(self):
        config = self.usual()
        for mode in (0o602, 0o620, 0o666):
            os.chmod(config, mode)
            log = self.bad(6, config)
            self.assertIn("others than its owner may write it", log)
            self.assertIn("hint: chmod go-w", log)
        self.assertEqual((self.runs(), self.api.connections), ([], 0))
        os.chmod(config, 0o644)
        self.good(config)

    def test_writable_by_others_later(self):
        """What was read before stays: its plugin is not the new one."""
        process = self.asker(kubeconfig=self.usual(), exec=1)
        self.assertIn("done 200\n", self.tell(process))
        self.script("touch " + shlex.quote(self.path("evil")), name="evil.sh")
        os.chmod(self.plugged("./evil.sh"), 0o666)
        said = self.tell(process, "again")
        self.assertIn("others than its owner may write it", said)
        self.assertIn("done 200\n", said)
        self.assertFalse(os.path.exists(self.path("evil")))

    def test_one_of_several(self):
        """Each file of the list could have named it."""
        self.put("other", "{}")
        os.chmod(self.path("other"), 0o646)
        paths = f"{self.usual()}:{self.path('other')}"
        self.assertIn("/other: ", self.bad(6, paths))
        self.assertEqual(self.runs(), [])


class TestGiven(Plugins):
    def given(self, *lines, env=None, cluster=None, more=(), **rest):
        """What a plugin printed into a file."""
        out = shlex.quote(self.path("given"))
        self.script("{", *lines, f"}} >{out} 2>&1", self.say(token=TOKEN))
        self.good(self.plugged(cluster=cluster, env=list(more), **rest),
                  env=env)
        with open(self.path("given"), encoding="utf-8") as file:
            return file.read()

    def test_arguments(self):
        """No shell is between."""
        args = ["one", "two words", "", "$HOME", "`id`", "*", "a;b", "'", "\\"]
        given = self.given("printf '<%s>\\n' \"$@\"", args=args)
        self.assertEqual(given, "".join(f"<{a}>\n" for a in args))

    def test_environment(self):
        """The caller's, with what the kubeconfig sets."""
        old = {"KEPT": "old", "SET": "old", "KUBERNETES_EXEC_INFO": "old"}
        lines = self.given("env", env=old, more=[
            {"name": "SET", "value": "a b=c"}]).splitlines()
        for line in ("KEPT=old", "SET=a b=c", f"PATH={os.environ['PATH']}"):
            self.assertIn(line, lines)
        for line in ("SET=old", "KUBERNETES_EXEC_INFO=old"):
            self.assertNotIn(line, lines)

    def info(self, cluster=None, **more):
        return json.loads(self.given("printf %s \"$KUBERNETES_EXEC_INFO\"",
                                     cluster=cluster, **more))

    def test_info(self):
        self.assertEqual(self.info(), {
            "kind": "ExecCredential", "apiVersion": VERSION,
            "spec": {"interactive": False}})

    def test_cluster_info(self):
        """With the CA that is in a file, as client-go has it."""
        told = {"server": f"https://127.0.0.1:{self.api.port}",
                "certificate-authority-data": encoded(MADE.path("ca.pem")),
                "tls-server-name": "api.test"}
        info = self.info(self.cluster(**{
            "tls-server-name": "api.test", "extensions": [
                {"name": "client.authentication.k8s.io/exec",
                 "extension": {"audience": "x", "deep": [1, {"a": None}]}}]}),
            provideClusterInfo=True)
        self.assertEqual(info["spec"], {"interactive": False, "cluster": {
            **told, "config": {"audience": "x", "deep": [1, {"a": None}]}}})

    def test_too_much_to_be_told(self):
        """More than the system lets a program be given."""
        with open(MADE.path("ca.pem"), encoding="ascii") as file:
            self.put("ca", "# a comment\n" * 20000 + file.read())
        self.script(self.say(token=TOKEN))
        cluster = self.cluster(**{"certificate-authority": "ca"})
        log = self.bad(6, self.plugged(cluster=cluster,
                                       provideClusterInfo=True))
        self.assertIn("credential plugin", log)
        self.assertIn("Argument list too long", log)
        self.good(self.plugged(cluster=cluster))

    def test_nothing_else(self):
        """Empty input, a group of its own, no descriptor of ours."""
        given = self.given("wc -c", "cut -d' ' -f5 /proc/$$/stat", "echo $$",
                           "ls -l /proc/self/fd")
        lines = given.splitlines()
        self.assertEqual(lines[0], "0")
        self.assertEqual(lines[1], lines[2])
        links = dict(line.split()[-3::2] for line in lines if "->" in line)
        self.assertEqual(links.pop("0"), "/dev/null")
        # What ls itself has open.
        self.assertRegex(links.pop("3"), r"^/proc/\d+/fd$")
        self.assertEqual(links, dict.fromkeys("12", self.path("given")))


class TestFound(Plugins):
    def test_in_path(self):
        self.script(self.say(token=TOKEN))
        config = self.plugged("plugin")
        path = os.environ["PATH"]
        self.good(config, env={"PATH": f"{self.folder}:{path}"})
        log = self.bad(6, config, "--timeout", "2s")
        self.assertIn("credential plugin \"plugin\"", log)

    def test_not_in_the_current_folder(self):
        self.script(self.say(token=TOKEN))
        self.plugged("plugin")
        for path in ("", ".", ":", "relative"):
            done = subprocess.run(
                [api_tools.PROGRAM, "resolve", NAME, "--kubeconfig", "config",
                 "--view", "pods"], cwd=self.folder, capture_output=True,
                text=True, timeout=SECONDS, check=False,
                env=environment(PATH=path))
            self.assertEqual(done.returncode, 6, done)
        self.assertEqual(self.runs(), [])

    def test_beside_the_kubeconfig(self):
        """A relative path begins at the kubeconfig's folder."""
        os.mkdir(self.path("bin"))
        self.script(self.say(token=TOKEN), name="bin/plugin")
        self.good(self.plugged("bin/plugin"))
        self.good(self.plugged("./bin/../bin/plugin"))
        self.good(self.plugged(self.path("bin/plugin")))

    def test_missing(self):
        for command in ("no-such-plugin", "./no-such-plugin", "/no/such"):
            log = self.bad(6, self.plugged(command,
                                           installHint="get it from the shop"))
            self.assertIn(command.rpartition("/")[2], log)
            self.assertIn("hint: get it from the shop", log)
        self.assertEqual(self.api.connections, 0)

    def test_not_a_program(self):
        self.put("plain", "text", 0o600)
        os.mkdir(self.path("folder"))
        self.put("lost", "#!/no/such/shell\n", 0o700)
        for command in ("./plain", "./folder", "./lost"):
            self.assertIn(f"{command[1:]}\"", self.bad(
                6, self.plugged(command)))


class TestFails(Plugins):
    def said(self, *lines, status=6, **more):
        """What svcctl says of a plugin; nobody was asked."""
        self.script(*lines)
        log = self.bad(status, self.plugged(**more))
        self.assertIn("credential plugin", log)
        self.assertEqual(self.api.connections, 0)
        return log

    def test_status(self):
        log = self.said("echo 'log in first' >&2", "exit 3")
        self.assertIn("status 3", log)
        self.assertIn("log in first", log)

    def test_complains_much(self):
        log = self.said("yes blah | head -c 300000 >&2",
                        "printf 'the \\033[31mend' >&2", "exit 1")
        self.assertIn("end", log)
        self.assertNotIn("\033", log)
        self.assertLess(len(log), 5000)

    def test_signal(self):
        self.assertIn("signal", self.said("kill -KILL $$"))

    def test_no_credential(self):
        """And no text of it in any message."""
        for text in ("", "to.Ken-42", "{\"kind\": to.Ken-42}", "[]", "null",
                     "{\"kind\": \"Secret\", \"status\": {\"token\": "
                     "\"to.Ken-42\"}}",
                     "{\"kind\": \"ExecCredential\", \"apiVersion\": \""
                     + VERSION + "\"}"):
            self.put("text", text)
            self.said(f"cat {shlex.quote(self.path('text'))}")

    def test_bad_token(self):
        for token in ("", "to.Ken-42\r\nX: y", "to.Ken-42\0", "to Ken"):
            self.said(self.say(token=token))

    def test_half_a_pair(self):
        with open(MADE.path("plug.pem"), encoding="ascii") as file:
            self.said(self.say(clientCertificateData=file.read()))

    def test_other_version(self):
        line = self.say(token=TOKEN)
        self.script(line)
        config = self.plugged()
        for version in ("client.authentication.k8s.io/v1beta1",
                        "client.authentication.k8s.io/v9", "v1"):
            with open(self.path("said"), encoding="utf-8") as file:
                text = json.load(file)
            self.put("said", json.dumps({**text, "apiVersion": version}))
            self.assertIn(VERSION, self.bad(6, config))

    def test_prints_without_end(self):
        self.said("yes to.Ken-42")

    def test_talks_beside(self):
        """What it tells people while all is well is not ours to repeat."""
        self.script("echo to.Ken-44 >&2", self.say(token=TOKEN))
        self.good(self.plugged())


class TestEnds(Plugins):
    def test_hangs(self):
        """With what it started it ends when svcctl does."""
        self.script("sleep 600 &", "echo $! >>" +
                    shlex.quote(self.path("runs")), "sleep 600")
        self.bad(5, self.plugged(), "--timeout", "500ms")
        pids = self.runs()
        self.assertEqual(len(pids), 2)
        for pid in pids:
            while is_alive(pid):
                time.sleep(0.001)

    def test_interrupted(self):
        os.mkfifo(self.path("begun"))
        self.script(f"echo >{shlex.quote(self.path('begun'))}", "sleep 600")
        process = self.start("watch", NAME, "--view", "pods",
                             "--kubeconfig", self.plugged())
        with open(self.path("begun"), encoding="ascii") as file:
            file.read()
        self.end(process)
        while is_alive(self.runs()[0]):
            time.sleep(0.001)

    def test_no_zombie(self):
        self.script(self.say(token=TOKEN))
        process = self.asker(kubeconfig=self.plugged(), exec=1)
        for _ in range(3):
            self.assertIn("done 200\n", self.tell(process, "again"))
        self.script("exit 1")
        self.assertIn("done SVC_EAUTH", self.tell(process, "again"))
        with open(f"/proc/{process.pid}/task/{process.pid}/children",
                  encoding="ascii") as file:
            self.assertEqual(file.read(), "")
        self.assertEqual(len(self.runs()), 4)

    def test_children_ignored(self):
        """A program may ignore SIGCHLD: then there is no status."""
        config = self.usual()
        done = subprocess.run(
            [api_tools.PROGRAM, "resolve", NAME, "--kubeconfig", config,
             "--view", "pods", "-o", "name"], capture_output=True, text=True,
            timeout=SECONDS, check=False, env=environment(),
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual((done.returncode, done.stdout),
                         (0, api_tools.FOUND), done)


class TestAgain(Plugins):
    """Faults A4."""

    def test_over(self):
        self.script(self.say(token=TOKEN, expirationTimestamp=later(HOUR)))
        process = self.asker(kubeconfig=self.plugged(), exec=1)
        self.assertIn("done 200\n", self.tell(process))
        self.tell(process, f"skip {(HOUR - 60) * 1000}")
        self.assertEqual(self.tell(process), "done 200\n")
        self.assertEqual(len(self.runs()), 1)
        self.say(token=NEWER, expirationTimestamp=later(9 * HOUR))
        self.tell(process, "skip 61000")
        self.assertIn("done 200\n", self.tell(process))
        self.assertEqual(len(self.runs()), 2)
        self.assertEqual([r.bearer for r in self.api.requests],
                         [TOKEN, TOKEN, NEWER])

    def test_over_at_once(self):
        """Used all the same, for a while: the clock may be wrong."""
        self.script(self.say(token=TOKEN, expirationTimestamp=later(-HOUR)))
        process = self.asker(kubeconfig=self.plugged(), exec=1)
        for _ in range(2):
            self.assertIn("done 200\n", self.tell(process))
        self.assertEqual(len(self.runs()), 1)
        self.tell(process, f"skip {MINUTE}")
        self.assertIn("done 200\n", self.tell(process))
        self.assertEqual(len(self.runs()), 2)

    def test_without_an_end(self):
        process = self.asker(kubeconfig=self.usual(), exec=1)
        self.tell(process)
        self.tell(process, f"skip {1000 * HOUR * 1000}")
        self.assertEqual(self.tell(process), "done 200\n")
        self.assertEqual(len(self.runs()), 1)

    def test_unauthorized(self):
        """Once more, and nobody hears of it."""
        self.api.only(NEWER)
        newer = self.say("newer", token=NEWER)
        self.script(self.say(token=TOKEN),
                    f"{newer} >{shlex.quote(self.path('x'))}",
                    f"cd {shlex.quote(self.folder)} && mv x said")
        log = self.good(self.plugged())
        self.assertNotIn("401", log)
        # A third time where the two requests were refused far apart.
        self.assertIn(len(self.runs()), (2, 3))

    def test_unauthorized_for_ever(self):
        self.api.only()
        self.assertIn("401 Unauthorized", self.bad(6, self.usual()))
        self.assertIn(len(self.runs()), (2, 3))

    def test_fails_once(self):
        """What it said is told, and the next request runs it again."""
        process = self.asker(kubeconfig=self.usual(), exec=1)
        self.script("exit 1")
        self.assertIn("done SVC_EAUTH", self.tell(process))
        self.script(self.say(token=TOKEN))
        self.assertIn("done 200\n", self.tell(process))

    def test_another_plugin(self):
        process = self.asker(kubeconfig=self.usual(), exec=1)
        self.tell(process)
        self.script(self.say("other", token=NEWER), name="other.sh")
        self.plugged("./other.sh")
        self.assertIn("done 200\n", self.tell(process, "again"))
        self.assertEqual(self.api.requests[-1].bearer, NEWER)
        self.config({"token": TOKEN})
        self.assertIn("done 200\n", self.tell(process, "again"))
        self.assertEqual(self.api.requests[-1].bearer, TOKEN)
        self.assertEqual(len(self.runs()), 2)


class TestCertificate(Plugins):
    def pair(self, name):
        texts = []
        for end in (".pem", ".key"):
            with open(MADE.path(name + end), encoding="ascii") as file:
                texts.append(file.read())
        return dict(zip(("clientCertificateData", "clientKeyData"), texts))

    def test_good(self):
        self.script(self.say(**self.pair("plug")))
        log = self.good(self.plugged())
        self.assertEqual({(r.client, r.bearer) for r in self.api.requests},
                         {("plug", None)})
        self.assertNotIn("KEY--", log)

    def test_another_one(self):
        """A credential is the whole one: nothing stays of the one before."""
        self.script(self.say(**self.pair("plug")))
        process = self.asker(kubeconfig=self.plugged(), exec=1)
        self.assertIn("done 200\n", self.tell(process))
        for name, more in (("plain", {}), ("plain", {"token": TOKEN}),
                           (None, {"token": NEWER}), ("plug", {})):
            self.say(**(self.pair(name) if name else {}), **more)
            self.assertIn("done 200\n", self.tell(process, "again"))
            last = self.api.requests[-1]
            self.assertEqual((last.client, last.bearer),
                             (name, more.get("token")))

    def test_broken(self):
        self.script(self.say(clientCertificateData="to.Ken",
                             clientKeyData="x"))
        self.bad(6, self.plugged())


if __name__ == "__main__":
    unittest.main(warnings="ignore")
