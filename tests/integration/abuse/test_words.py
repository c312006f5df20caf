# SPDX-License-Identifier: Apache-2.0
"""Names, option values and texts of manifests that mean harm: each is refused
or answered, and nothing of them reaches the terminal raw."""
import os
import re
import unittest

import abuse

ESCAPES = ["\x1b[2J", "\x1b]0;title\x07", "\r", "\n", "\t", "\x07", "\x7f",
           "\x08\x08", "\u009b31m", "\u202e", "\u2028", "\u2066"]
NAMES = ["", ".", "..", ":", ":80", "a:", "a:0", "a:65536", "a:-1", "a:+80",
         "a: 80", "a:80:90", "a:0x50", "a:99999999999999999999", "a..b", ".a",
         "a.b.c.d.e", "-a", "a-", "_a", "a_b.c", "_._.a", "_http.a",
         "_http._tcp", "_http._tcp.", "_http._icmp.a", "_http._tcp.a:80", "*",
         "*.shop", "a b", " a", "a ", "a/b", "a\\b", "a%00b", "caf\xe9.shop",
         "\u212a.shop", "xn--caf-dma.shop", "a@b", "a,b", "a;b", "$(id)",
         "`id`", "a|b", "'", '"', "a?", "a?x", "a?x=1", "a?view", "a?view=",
         "a?view=no", "a?view=vip&view=pods", "a?&", "a?=", "a?proto=icmp",
         "a?family=ipv5", "a??view=vip", "a#b", "file://", "file:///",
         "file:///#", "file:///x#", "file:///#x", "file:////#x",
         "file:///etc/passwd#a", "file:///dev/zero#a", "file:///%00#a",
         "svc:", "svc:/", "svc://", "svc:///", "svc:////a", "dns:///",
         "dns:///a b", "kubernetes:///", "kubernetes://a/b/c",
         "http://a.shop/", "javascript:1", "::", "::1", "[::1]", "[::1]:80",
         "[::1", "1.2.3.4", "1.2.3.4:0", "1.2.3.4:80", "1.2.3", "0:80",
         "0.0.0.0:80", "255.255.255.255:80", "[ff02::1]:80", "[fe80::1%lo]:80",
         "1.2.3.4.5:80", "01.2.3.4:80", "1-2-3-4.shop.pod:80",
         "1-2-3-400.shop.pod:80", "x.shop.svc.clusterset.local",
         "za.pin._zone.good.shop.svc.cluster.local", "good.shop." + "a." * 130,
         "a" * 63, "a" * 64, "a" * 253, "a" * 254, ".".join(["a" * 63] * 4),
         "a" * 65536, "a." * 32768, "." * 65536, "a?" + "view=vip&" * 7000,
         "a:" + "9" * 65536, "_" * 65536, "%" * 65536, "[" * 65536]
VALUES = ["", " ", "-", "--", "-1", "0", "x", "1e400", "nan", "inf", "ms",
          "5", "5x", "5s5", "-5s", "+5s", "5 s", "0s", "99999999999999999999s",
          "18446744073709551616", "2147483648", "\xe9", "a" * 65536, "../x",
          "%s%n", "auto,auto", "a=b", "\x1b[2J"]
OPTIONS = ["-b", "--backend", "-n", "--namespace", "--cluster-domain",
           "--node", "--zone", "--view", "--family", "--proto", "--policy",
           "--externalname", "--allow", "-t", "--timeout", "-o", "--color",
           "-c", "--format", "--dns-server", "--kubeconfig", "--no-such"]


# SVC_ABUSE_EVERY=1 tries every value with every option.
EVERY = int(os.environ.get("SVC_ABUSE_EVERY", "3"))


class TestWords(abuse.Abuse):
    def setUp(self):
        super().setUp()
        self.good = self.write("good.json", abuse.text_of(*abuse.GOOD))

    def test_names(self):
        """Each gets an answer of its own; the good one stays good."""
        names = NAMES + [f"a{e}b.shop" for e in ESCAPES] + [
            f"a?view={e}" for e in ESCAPES] + [f"file:///{e}#a"
                                               for e in ESCAPES]
        plain = [n for n in names if not n.startswith("file:")]
        for some in (plain, [n for n in names if n.startswith("file:")]):
            files = ["-f", self.good] if some is plain else []
            answers, done = self.answers(*files, "--", *some)
            self.assertEqual(len(answers), len(some))
            for name, answer in zip(some, answers):
                with self.subTest(name=name[:40]):
                    self.assertEqual(answer["name"][:30], name[:30])
                    self.assertIn(answer.get("exit", 0), (0, 2, 3))
                    self.assertLess(len(answer.get("message", "")), 508)
                    self.assertEqual("endpoints" in answer, name in (
                        "[::1]:80", "1.2.3.4:80", "1-2-3-4.shop.pod:80"))

    def test_names_one_by_one(self):
        for name in NAMES[::5] + [b"a\xffb.shop", b"\xc0\xaf", b"a:\xed\xa0"]:
            for command in (["pick"], ["explain"], ["graph"], ["resolve"],
                            ["watch", "-t", "10ms"]):
                if isinstance(name, str) and name.startswith("file:"):
                    continue
                with self.subTest(name=name[:40], command=command):
                    done = self.run_safely(*command, "-f", self.good, "--",
                                           name)
                    self.assertLess(len(done.err), 4000)

    def test_option_values(self):
        for i, option in enumerate(OPTIONS):
            for j, value in enumerate(VALUES):
                if (i + j) % EVERY:
                    continue
                command = ("resolve", "pick", "explain", "graph")[
                    (i + j) % 4]
                with self.subTest(option=option, value=value[:30]):
                    done = self.run_safely(command, "-f", self.good,
                                           "good.shop", option, value)
                    self.assertIn(done.status, (0, 2, 3, 4, 5))
                    self.assertLess(len(done.err), 4000)
                    if done.status == 2:
                        self.assertTrue(done.err)

    def test_command_lines(self):
        for words in ([], [""], ["-"], ["--"], ["---"], ["resolve"],
                      ["resolve", "--"], ["RESOLVE", "a"], ["\x1b[2J"],
                      ["resolve", "--output"], ["resolve", "-f"],
                      ["resolve", "-ojson", "-f"], ["--help=x"], ["-hh"],
                      ["a" * 65536], ["resolve", "-" + "v" * 60000, "1.2.3.4:80"],
                      ["resolve", "--" + "v" * 60000, "a"],
                      ["completion", "\x1b"], ["version", "x"],
                      [b"\xff\xfe"], ["resolve", b"--\xff=\xfe", "a"]):
            with self.subTest(words=str(words)[:40]):
                done = self.run_safely(*words)
                self.assertIn(done.status, (0, 2))
                self.assertLess(len(done.err) + len(done.out), 9000)

    def test_many_of_everything(self):
        """Options and names again and again."""
        done = self.run_safely("resolve", "-o", "name", "--allow", "loopback",
                               *["--allow", "metadata"] * 500,
                               *["-f", self.good] * 500, *["good.shop"] * 2000)
        self.assertEqual(done.status, 0, done.err[:300])
        self.assertEqual(done.out.count(b"10.0.0.1:8080\n"), 2000)

    def test_environment_of_a_name(self):
        """Paths that carry controls are shown without."""
        for e in ESCAPES + ["\udcff"]:
            path = os.path.join(os.fsencode(self.folder),
                                f"a{e}.json".encode(errors="surrogateescape"))
            with open(path, "wb") as file:
                file.write(b"{")
            with self.subTest(escape=e):
                done = self.run_safely("resolve", "-v", "-f", path, "a.shop")
                self.assertEqual(done.status, 2)

    def test_texts_of_manifests(self):
        """Fields that may hold any text are printed without controls."""
        for e in ESCAPES:
            service = abuse.service("web", type="LoadBalancer")
            service["spec"]["ports"][0]["appProtocol"] = f"x{e}"
            service["status"] = {"loadBalancer": {"ingress": [{
                "ip": "203.0.113.1", "ports": [{
                    "port": 80, "protocol": "TCP", "error": f"no{e}"}]}]}}
            piece = abuse.piece("web", ["10.0.0.9"])
            piece["metadata"]["resourceVersion"] = e
            piece["endpoints"][0]["targetRef"] = {"kind": "Pod", "name": "p",
                                                  "uid": f"u{e}"}
            alias = abuse.service("alias", type="ExternalName",
                                  externalName=f"a{e}.example.com")
            bad = abuse.service(f"b{e}", type=f"T{e}")
            path = self.write("texts.json", abuse.text_of(
                service, piece, alias, bad))
            for words in (["resolve"], ["resolve", "-o", "wide"],
                          ["resolve", "-o", "json"], ["resolve", "--view",
                                                      "lb"],
                          ["resolve", "--view", "lb", "-o", "json"],
                          ["explain"], ["explain", "-o", "json"],
                          ["graph", "--format", "mermaid"],
                          ["graph", "--format", "dot"]):
                with self.subTest(escape=e, words=words):
                    done = self.run_safely(
                        words[0], "-v", "-f", path, *words[1:], "web.shop")
                    self.assertEqual(done.status, 4 if "lb" in words else 0,
                                     done.err)
            done = self.run_safely("resolve", "-v", "-f", path, "alias.shop")
            self.assertNotEqual(done.status, 0)

    def test_markup_of_graphs(self):
        """What ends a quotation of mermaid or dot is not taken over."""
        piece = abuse.piece("good", ["10.0.0.1"])
        piece["endpoints"][0].update(
            targetRef={"kind": "Pod", "name": "p", "uid": "\"]; x --> y"})
        service = abuse.service("good")
        service["spec"]["ports"][0]["appProtocol"] = "\"];\nx[\"<b>`"
        path = self.write("markup.json", abuse.text_of(service, piece))
        for form in ("mermaid", "dot", "text"):
            done = self.run_safely("graph", "-f", path, "--format", form,
                                   "good.shop")
            self.assertEqual(done.status, 0)
            self.assertIsNone(re.search(rb"<b>|x -->|x\[", done.out))


if __name__ == "__main__":
    unittest.main()
