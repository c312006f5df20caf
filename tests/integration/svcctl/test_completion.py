# SPDX-License-Identifier: Apache-2.0
"""svcctl completion: the scripts are run by the shells themselves, those that
are installed (bash always)."""
import shutil
import subprocess
import unittest

from svcctl import SECONDS, Svcctl

COMMANDS = ["completion", "doctor", "explain", "graph", "pick", "resolve",
            "version", "watch"]


class TestBash(Svcctl):
    def complete(self, *words):
        """What bash offers for the last word."""
        script = self.ok("completion", "bash") + """
            COMP_WORDS=("$@")
            COMP_CWORD=$(($# - 1))
            _svcctl
            printf '%s\\n' "${COMPREPLY[@]}"
        """
        done = subprocess.run(["bash", "-c", script, "bash", "svcctl", *words],
                              capture_output=True, text=True, check=True,
                              timeout=SECONDS, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.split())

    def test_commands(self):
        self.assertEqual(self.complete(""), COMMANDS)
        self.assertEqual(self.complete("pi"), ["pick"])
        self.assertEqual(self.complete("-n", "dev", "re"), ["resolve"])
        self.assertEqual(self.complete("--view", "=", "pods", "re"),
                         ["resolve"])

    def test_options(self):
        self.assertEqual(self.complete("resolve", "--fa"),
                         ["--fail-stale", "--family"])
        self.assertEqual(self.complete("pick", "x", "--cou"), ["--count"])
        self.assertEqual(self.complete("resolve", "x", "--cou"), [])
        self.assertEqual(self.complete("graph", "--fo"), ["--format"])
        self.assertIn("--all", self.complete("--"))

    def test_values(self):
        self.assertEqual(self.complete("resolve", "--view", ""),
                         ["auto", "lb", "node", "pods", "vip"])
        self.assertEqual(self.complete("resolve", "-o", "w"), ["wide"])
        self.assertEqual(self.complete("resolve", "--output", "=", "j"),
                         ["json"])
        self.assertEqual(self.complete("resolve", "--output", "="),
                         ["json", "name", "table", "wide"])
        self.assertEqual(self.complete("completion", ""),
                         ["bash", "fish", "zsh"])
        self.assertEqual(self.complete("resolve", "-n", ""), [])
        self.assertEqual(self.complete("resolve", "--exec", ""),
                         ["allow", "deny"])
        self.assertEqual(self.complete("resolve", "-b", "ap"), ["apiserver"])
        self.assertEqual(self.complete("pick", "--policy", ""),
                         sorted(self.json("version")["policies"]))

    def test_files(self):
        self.write(name="some.json")
        self.assertEqual(self.complete("resolve", "-f", "so"), ["some.json"])
        self.assertEqual(self.complete("resolve", "--kubeconfig", "so"),
                         ["some.json"])


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class TestFish(Svcctl):
    def complete(self, line):
        done = subprocess.run(
            ["fish", "-c", "source; complete -C \"$argv[1]\"", line],
            input=self.ok("completion", "fish"), capture_output=True,
            text=True, check=True, timeout=SECONDS, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return sorted(row.split("\t")[0] for row in done.stdout.splitlines())

    def test_all(self):
        self.assertEqual(self.complete("svcctl "), COMMANDS)
        self.assertEqual(self.complete("kubectl-svc pi"), ["pick"])
        self.assertEqual(self.complete("svcctl resolve --fa"),
                         ["--fail-stale", "--family"])
        self.assertEqual(self.complete("svcctl pick --cou"), ["--count"])
        self.assertEqual(self.complete("svcctl resolve --cou"), [])
        self.assertEqual(self.complete("svcctl resolve --view "),
                         ["auto", "lb", "node", "pods", "vip"])
        self.assertEqual(self.complete("svcctl completion "),
                         ["bash", "fish", "zsh"])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class TestZsh(Svcctl):
    def test_is_read(self):
        """Loads without a word and defines the function."""
        done = subprocess.run(
            ["zsh", "-f", "-c", "autoload -U compinit; compinit -D -u; "
             "eval \"$1\"; whence -w _svcctl; print $_comps[svcctl]", "zsh",
             self.ok("completion", "zsh")],
            capture_output=True, text=True, check=True, timeout=SECONDS)
        self.assertEqual((done.stdout, done.stderr),
                         ("_svcctl: function\n_svcctl\n", ""))


if __name__ == "__main__":
    unittest.main()
