# SPDX-License-Identifier: Apache-2.0
"""The command line of svcctl: help, options, mistakes."""
import json
import os
import re
import subprocess
import unittest

from svcctl import (MANIFESTS, PROGRAM, ROOT, Svcctl, clean_environment,
                    has_backend)

COMMANDS = ("resolve pick watch explain graph doctor version "
            "completion").split()
NAMED = COMMANDS[:5]
OPTIONS = """--backend --file --dns-server --kubeconfig --context --exec
    --namespace --cluster-domain --node --zone
    --view --family --proto --policy --key --externalname --allow --all
    --timeout --fail-stale --output --no-headers --color --verbose
    --help --count --format""".split()
ABSENT = ["--subset=3", "--track", "--resolve"]
NAME = "svc-nginx.dev:80"


def documented_policies():
    """Those of the table of semantics 3."""
    with open(os.path.join(ROOT, "docs/semantics.md"), encoding="utf-8") as f:
        table = f.read().split("| Name | Alias | Choice |", 1)[1]
    return sorted(re.findall(r"(?m)^\| `(\w+)`", table.split("\n\n", 1)[0]))


class TestHelp(Svcctl):
    def test_general(self):
        out = self.ok("--help")
        for word in COMMANDS + OPTIONS:
            self.assertRegex(out, rf"(?m)^ .*{word}\b")
        self.assertLess(out.index("Examples:"), out.index("Usage:"))
        self.assertEqual(out, self.ok("help"))
        self.assertEqual(out, self.ok("-h"))

    def test_each_command(self):
        for command in COMMANDS:
            out = self.ok(command, "--help")
            self.assertTrue(out.startswith(f"svcctl {command}: "), out)
            self.assertLess(out.index("Examples:"), out.index("Usage:"))
            self.assertEqual(out, self.ok("-h", command))
            self.assertEqual(out, self.ok("help", command))
            self.assertEqual(out, self.ok(command, "-h", *["x"] * 3))

    def test_fits_a_terminal(self):
        for command in [[c] for c in COMMANDS] + [[]]:
            for line in self.lines(*command, "--help"):
                self.assertLessEqual(len(line), 80, line)

    def test_absent_is_not_shown(self):
        for command in [[c] for c in COMMANDS] + [[]]:
            out = self.ok(*command, "--help")
            self.assertNotIn("export", out.lower())

    def test_as_plugin(self):
        link = os.path.join(self.folder, "kubectl-svc")
        os.symlink(PROGRAM, link)
        done = self.run_svcctl("resolve", "--help")
        own = subprocess.run([link, "resolve", "--help"], text=True,
                             capture_output=True, check=True).stdout
        self.assertEqual(own, done.stdout.replace("svcctl ", "kubectl svc "))
        self.assertIn("kubectl svc resolve -f", own)


class TestMistakes(Svcctl):
    def test_absent_is_refused(self):
        for option in ABSENT:
            for command in NAMED:
                err = self.refused(command, NAME, option, "-f", MANIFESTS)
                self.assertIn("unknown option", err)
                self.assertIn(f"svcctl {command} --help", err)
        for command in ("export", "run", "bench"):
            self.assertIn("unknown command", self.refused(command, NAME))

    def test_did_you_mean(self):
        for wrong, right in (("resovle", "'resolve'"), ("pikc", "'pick'"),
                             ("wath", "'watch'"), ("completions",
                                                   "'completion'")):
            self.assertIn(f"did you mean {right}?", self.refused(wrong, NAME))
        for wrong, right in (("--veiw", "--view"), ("--namespcae", "--names"),
                             ("--fail-stail", "--fail-stale")):
            self.assertIn(f"did you mean '{right}",
                          self.refused("resolve", NAME, wrong))
        self.assertIn("did you mean 'json'?",
                      self.refused("resolve", NAME, "-o", "jsn"))
        self.assertIn("did you mean 'mermaid'?",
                      self.refused("graph", NAME, "--format", "mermiad"))
        self.assertNotIn("did you mean", self.refused("zzz", NAME))

    def test_no_abbreviations(self):
        for option in ("--names=dev", "--out=json", "--verb"):
            self.assertIn("unknown option",
                          self.refused("resolve", NAME, option))

    def test_usage(self):
        for arguments, words in (
                ([], "no command was given"),
                (["-n", "dev"], "no command was given"),
                (["resolve"], "needs NAME"),
                (["watch", "a", "b"], "takes one NAME, not 2"),
                (["version", "a"], "takes no argument"),
                (["completion"], "needs bash|zsh|fish"),
                (["completion", "tcsh"], "bash, zsh, fish"),
                (["resolve", "a", "-f"], "--file needs a value"),
                (["resolve", "a", "-o"], "table, wide, json, name"),
                (["resolve", "a", "--all=1"], "takes no value"),
                (["resolve", "a", "-c", "3"], "'resolve' has no option"),
                (["pick", "a", "--format", "dot"], "'pick' has no option"),
                (["graph", "a", "-o", "wide"], "'graph' has no option"),
                (["pick", "a", "-c", "0"], "'0' is not a number"),
                (["pick", "a", "-c", "1x"], "'1x' is not a number"),
                (["pick", "a", "-c", "99999999999999999999"],
                 "is not a number"),
                (["resolve", "a", "-f", "-", "-f", "x"], "--file -"),
                (["resolve", "a", "--color", "red"], "auto, always, never"),
                (["resolve", "a", "-x"], "unknown option '-x'"),
        ):
            with self.subTest(arguments=arguments):
                err = self.refused(*arguments)
                self.assertIn(words, err)
                self.assertIn("\nhint: ", err)

    def test_durations(self):
        for text in ("5", "s", "5 s", "-1s", "1s1s", "30s1m", "1.5s", "5sec",
                     "", "99999999h", "1d"):
            self.assertIn("is not a duration",
                          self.refused("resolve", NAME, f"--timeout={text}"))
        for text in ("500ms", "5s", "1m", "1h", "1m30s", "2h3m4s5ms"):
            self.ok("resolve", NAME, "-f", MANIFESTS, "-t", text)

    def test_as_json(self):
        done = self.run_svcctl("resolve", "--bogus", NAME, "-o", "json")
        error = json.loads(done.stdout)
        self.assertEqual(list(error), ["schema", "name", "code", "exit",
                                       "message", "hint"])
        self.assertEqual(error, {
            "schema": "svcctl.error/1", "name": None, "code": "SVC_EINVAL",
            "exit": 2, "message": "unknown option '--bogus'",
            "hint": "see 'svcctl resolve --help'"})
        self.assertEqual(done.stderr, f"svcctl: {error['message']}\n"
                                      f"hint: {error['hint']}\n")
        self.assertEqual(done.returncode, 2)

    def test_library_judges(self):
        for arguments, words in (
                (["-b", "apiserver"], "file"), (["-b", "dns"], "file"),
                (["--kubeconfig", "x"], "two sources"),
                (["--context", "x"], "two sources"),
                (["--exec", "maybe"], "valid: allow, deny"),
                (["--view", "pod"], "pods"), (["--family", "ip4"], "ipv4"),
                (["--proto", "icmp"], "sctp"), (["--policy", "lblc"], "adaptive"),
                (["--externalname", "no"], "same-namespace"),
                (["--allow", "all"], "loopback"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.refused(
                    "resolve", NAME, "-f", MANIFESTS, *arguments))


class TestApiServer(Svcctl):
    def test_other_backends(self):
        for backend in ("dns", "file"):
            for option in ("--kubeconfig", "--context"):
                err = self.refused("resolve", NAME, "-b", backend, option, "x")
                self.assertIn(f'option {option[2:]} is set', err)
                self.assertIn('"apiserver"', err)

    def test_implied(self):
        path = os.path.join(self.folder, "none")
        err = self.refused("resolve", NAME, "--kubeconfig", path)
        self.assertIn(path if has_backend("apiserver") else
                      'backend "apiserver" is not built', err)

    def test_empty_is_not_given(self):
        self.ok("resolve", NAME, "-f", MANIFESTS, "--kubeconfig", "",
                "--context", "", "--exec", "")

    def test_nothing_at_hand(self):
        err = self.refused("resolve", NAME, "-b", "apiserver",
                           env=clean_environment(HOME=self.folder))
        self.assertIn("no kubeconfig" if has_backend("apiserver") else
                      'backend "apiserver" is not built', err)


class TestForms(Svcctl):
    def test_places_and_forms(self):
        want = self.ok("resolve", NAME, "-f", MANIFESTS, "-n", "dev", "-o",
                       "json", "--view", "pods")
        for arguments in (
                ["-f", MANIFESTS, "-n", "dev", "-o", "json", "--view", "pods",
                 "resolve", NAME],
                [f"-f{MANIFESTS}", "resolve", "-ndev", "-ojson",
                 "--view=pods", NAME],
                [f"-f={MANIFESTS}", "resolve", "-n=dev", "-o=json",
                 "--view=pods", NAME],
                ["resolve", f"--file={MANIFESTS}", "--namespace", "dev",
                 "--output=json", "--view", "pods", "--", NAME],
                ["resolve", NAME, f"--file={MANIFESTS}", "-o", "table",
                 "-ndev", "--view", "pods", "-o", "json"],
        ):
            self.assertEqual(self.ok(*arguments), want)

    def test_behind_two_dashes(self):
        self.refused("resolve", "-f", MANIFESTS, "--", "--all")

    def test_version(self):
        out = self.ok("version")
        self.assertRegex(out, r"^svcctl \d+\.\d+\.\d+\nlibsvc \d+\.\d+\.\d+\n")
        self.assertIn("file", out)
        self.assertEqual(out, self.ok("--version"))
        answer = self.json("version")
        self.assertEqual(answer["schema"], "svcctl.version/1")
        self.assertEqual(answer["policies"][0], "adaptive")
        self.assertEqual(sorted(answer["policies"]), documented_policies())


if __name__ == "__main__":
    unittest.main()
