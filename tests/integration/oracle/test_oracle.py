# SPDX-License-Identifier: Apache-2.0
"""svcctl against an independent reading of docs/semantics.md, on random
clusters. SVC_ORACLE_SEED and SVC_ORACLE_CLUSTERS make longer runs:

    SVC_ORACLE_SEED=77 SVC_ORACLE_CLUSTERS=500 SVCCTL=…/svcctl \\
        python3 tests/integration/oracle/test_oracle.py
"""
import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

from cluster import NAMESPACES, NODES, ZONES, Cluster
from expected import CLASSES, EXIT, ZONE, Oracle, Undecided
from yamltext import Writer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../dns"))
import nobody  # noqa: E402 pylint: disable=wrong-import-position

PROGRAM = os.path.abspath(os.environ.get("SVCCTL", "svcctl"))
SEED = int(os.environ.get("SVC_ORACLE_SEED", "20260105"))
CLUSTERS = int(os.environ.get("SVC_ORACLE_CLUSTERS", "30"))
QUESTIONS = 60
FACTS = "ready serving terminating node zone hostname pod".split()
SERVER = nobody.start()  # no name outside the cluster exists
HEADER = "schema name service namespace type view canonical".split()


def svcctl(command, *arguments):
    env = {k: v for k, v in os.environ.items()
           if k not in ("NODE_NAME", "NODE_ZONE")}
    return subprocess.run(
        [PROGRAM, command, "--dns-server", SERVER, *arguments], capture_output=True, text=True, env=env,
        stdin=subprocess.DEVNULL, timeout=60, check=False)


def shown(e):
    """An endpoint of svcctl's answer, in the words of expected()."""
    facts = tuple(e[f] for f in FACTS)
    protocol = "" if "no-such-port" in e["why"] else e["protocol"] or ""
    return (not e["usable"], e["address"], e["port"] or 0, protocol,
            sorted(e["why"]), facts)


def wanted(e, view):
    port, protocol = (e.port, e.protocol) if e.has_port else (None, None)
    return (bool(e.why), e.address, port or 0, protocol or "", sorted(e.why),
            e.shown if view in ("auto", "pods") else None)


class Base(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8",
                  newline="") as file:
            file.write(text)
        return path

    def resolve(self, files, names, *options):
        """The answers to names, one object each."""
        files = [x for f in files for x in ("-f", f)]
        done = svcctl("resolve", "-o", "json", "--cluster-domain", ZONE,
                      *files, *options, *names)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(names),
                         f"{options}: {done.returncode} {done.stderr}")
        for answer, name in zip(answers, names):
            self.assertEqual(answer["name"], name)
            answer.pop("age_ms", None)
        return done.returncode, answers


class TestAnswers(Base):
    def scene(self, rng):
        """Where a caller stands, and svcctl's options for that."""
        node, zone = rng.choice(NODES + [None]), rng.choice(ZONES + [None])
        limit = rng.choice([None] * 4 + ["allow", "same-namespace", "refuse"])
        namespace = rng.choice(NAMESPACES)
        defaults = {"view": rng.choice(["auto"] * 5 + ["pods", "vip", "node"]),
                    "family": rng.choice(["any"] * 5 + ["ipv4", "ipv6"]),
                    "proto": rng.choice([None] * 8 + ["TCP", "UDP"])}
        options = ["-n", namespace]
        for word, value in (("node", node), ("zone", zone),
                            ("externalname", limit), *defaults.items()):
            if value not in (None, "auto", "any"):
                value = value.lower() if word == "proto" else value
                options += [f"--{word}", value]
        allow = rng.sample(sorted(CLASSES), rng.choice([0, 0, 0, 1, 2]))
        for word in allow:
            options += ["--allow", word]
        return ((node, zone, limit or "allow", allow), namespace,
                defaults), options

    def check(self, oracle, q, plain, full):
        """One answer without and with --all; its exit status."""
        code, kind, canonical, entries = oracle.answer(q)
        self.assertEqual(plain.get("code"), code, plain)
        if code:
            self.assertEqual(plain["exit"], EXIT[code])
        if entries is None:
            return EXIT[code]
        self.assertEqual((full["type"], full["canonical"]), (kind, canonical))
        view = "pods" if q.view == "auto" else q.view
        self.assertEqual(full["view"], view)
        got = [shown(e) for e in full["endpoints"]]
        if view != "pods":
            got = [e[:5] + (None,) for e in got]
        self.assertEqual(sorted(got, key=repr),
                         sorted((wanted(e, view) for e in entries), key=repr))
        if not code:
            usable = [e for e in full["endpoints"] if e["usable"]]
            self.assertEqual(plain["endpoints"], usable)
            self.assertEqual([plain[f] for f in HEADER],
                             [full[f] for f in HEADER])
        self.assert_order(full["endpoints"])
        return EXIT[code]

    def assert_order(self, endpoints):
        def key(e):
            ip = ipaddress.ip_address(e["address"])
            return not e["usable"], ip.version, ip.packed, e["port"] or 0
        keys = [key(e) for e in endpoints]
        self.assertEqual(keys, sorted(keys))

    def ask(self, cluster, rng, path, seed):
        """A call of svcctl; how many of its answers were judged."""
        oracle = Oracle(cluster.objects)
        where, options = self.scene(rng)
        asked = [cluster.question(*where) for _ in range(QUESTIONS)]
        names = [name for _, name in asked]
        status, plain = self.resolve([path], names, *options)
        status_all, full = self.resolve([path], names, "--all", *options)
        judged, exits = 0, []
        for (q, name), one, other in zip(asked, plain, full):
            with self.subTest(seed=seed, name=name, options=options):
                try:
                    exits.append(self.check(oracle, q, one, other))
                    judged += 1
                except Undecided:
                    exits.append(one.get("exit", 0))
        if len(exits) == len(asked):
            self.assertEqual((status, status_all), (max(exits),) * 2)
        return judged

    def test_random_clusters(self):
        judged = 0
        for seed in range(SEED, SEED + CLUSTERS):
            rng = random.Random(seed)
            cluster = Cluster(rng, again=True)
            path = self.write("cluster.json", "".join(
                json.dumps(o) + "\n" for o in cluster.objects))
            judged += sum(self.ask(cluster, rng, path, seed)
                          for _ in range(3))
        self.assertGreater(judged, CLUSTERS * 3 * QUESTIONS * 0.9)

    def test_chains(self):
        """Mostly aliases, so that chains get long and meet themselves."""
        for seed in range(SEED, SEED + 1 + CLUSTERS // 10):
            rng = random.Random(seed)
            cluster = Cluster(rng, kinds=["ExternalName"] * 9 + ["ClusterIP"])
            path = self.write("cluster.json", "".join(
                json.dumps(o) + "\n" for o in cluster.objects))
            self.ask(cluster, rng, path, seed)


class TestForms(Base):
    """The same objects written down in other ways give the same answers."""

    def gather(self, rng, objects):
        """The objects, some of them in lists."""
        groups = [[objects[0]]]
        for o in objects[1:]:
            if rng.random() < 0.5:
                groups.append([])
            groups[-1].append(o)
        for group in groups:
            kinds = {(o["apiVersion"], o["kind"]) for o in group}
            if len(kinds) == 1 and rng.random() < 0.5:
                yield {"apiVersion": group[0]["apiVersion"],
                       "kind": group[0]["kind"] + "List", "items": [
                           {k: v for k, v in o.items()
                            if k not in ("kind", "apiVersion")}
                           for o in group]}
            elif len(group) > 1 or rng.random() < 0.5:
                yield {"kind": "List", "apiVersion": "v1", "items": group}
            else:
                yield group[0]

    def forms(self, rng, objects):
        yaml = Writer(rng)
        yield [self.write("a.yaml", yaml.stream(objects))]
        shuffled = rng.sample(objects, len(objects))
        yield [self.write("b.json", "\n".join(
            json.dumps(o, indent=rng.choice([None, 1, "\t"]))
            for o in shuffled))]
        parts, files = rng.choice([2, 3, 5]), []
        for i in range(parts):
            part = list(self.gather(rng, shuffled[i::parts]))
            if rng.random() < 0.5:
                files.append(self.write(f"c{i}.yaml", yaml.stream(part)))
            else:
                files.append(self.write(f"c{i}.json",
                                        "".join(map(json.dumps, part))))
        yield files

    def test_forms_agree(self):
        defaults = {"view": "auto", "family": "any", "proto": None}
        for seed in range(SEED, SEED + 1 + CLUSTERS // 2):
            rng = random.Random(seed)
            cluster = Cluster(rng)
            node, zone = rng.choice(NODES), rng.choice(ZONES)
            where = (node, zone, "allow", [])
            names = [cluster.question(where, "shop", defaults)[1]
                     for _ in range(QUESTIONS)]
            options = ["-n", "shop", "--node", node, "--zone", zone, "--all"]
            path = self.write("a.json", "\n".join(
                map(json.dumps, cluster.objects)))
            first = self.resolve([path], names, *options)
            for files in self.forms(rng, cluster.objects):
                with self.subTest(seed=seed, files=len(files)):
                    self.assertEqual(self.resolve(files, names, *options),
                                     first)


class TestEven(Base):
    def test_round_robin_is_even(self):
        """3·n picks of n endpoints: each three times."""
        seen = 0
        for seed in range(SEED, SEED + 1 + CLUSTERS // 6):
            cluster = Cluster(random.Random(seed))
            path = self.write("cluster.json", "\n".join(
                map(json.dumps, cluster.objects)))
            names = [f"{name}.{ns}:{port}" for ns, name in cluster.names
                     for port in sorted(set(map(str, cluster.known[
                         ns, name][1])))[:1]]
            for answer in self.resolve([path], names)[1]:
                count = len(answer.get("endpoints", []))
                if not count:
                    continue
                seen += 1
                done = svcctl("pick", "-f", path, answer["name"], "-o", "json",
                              "--policy", "rr", "-c", str(3 * count))
                picks = json.loads(done.stdout)
                self.assertEqual([p["count"] for p in picks["counts"]],
                                 [3] * count, picks)
        self.assertGreater(seen, CLUSTERS // 6)


if __name__ == "__main__":
    unittest.main()
