# SPDX-License-Identifier: Apache-2.0
"""Large texts cost time in proportion and at most eight times their size in
memory (docs/faults.md 3.6), and whatever is over a bound is refused as such.
SVC_ABUSE_MIB makes the texts larger."""
import json
import os
import unittest

import abuse
import shapes

MIB = 1 << 20
SANITIZED = abuse.sanitized()
SMALL = int(os.environ.get("SVC_ABUSE_MIB", "1")) * MIB
LARGE = 4 * SMALL
# Four times the text may take this many times as long: a quarter of what a
# quadratic reader needs, and more than a busy machine makes of four.
FACTOR, NOISE = 8, 0.05


def node(name, address):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"addresses": [{"type": "InternalIP",
                                      "address": address}],
                       "conditions": [{"type": "Ready", "status": "True"}]}}


def addresses(number):
    return [f"10.{number >> 8}.{number & 255}.{i}" for i in range(100)]


class TestSize(abuse.Abuse):
    def setUp(self):
        super().setUp()
        self.base = self.run_safely("resolve", "-f",
                                    self.write("empty.json"), "x").kib

    def measure(self, path, *arguments, more=0):
        """A run on a file, within its memory."""
        done = self.run_safely(arguments[0], "-f", path, *arguments[1:])
        if not SANITIZED:
            size = os.path.getsize(path) + more
            self.assertLess(done.kib, self.base + 1024 + 8 * size // 1024)
        return done

    def test_shapes(self):
        for shape in shapes.SHAPES:
            with self.subTest(shape=shape.__name__):
                small = self.write("small", *shape(SMALL))
                large = self.write("large", *shape(LARGE))
                first = min(self.measure(small, "resolve", "good.shop")
                            .seconds for _ in range(2))
                done = self.measure(large, "resolve", "good.shop")
                self.assertLess(done.seconds, FACTOR * first + NOISE)
                self.assertLess(len(done.err), 4000)

    def one_service(self, slices, **spec):
        return self.write("one.json", abuse.text_of(
            abuse.service("one", **spec)), *(abuse.text_of(
                abuse.piece("one", addresses(i), suffix=str(i)))
                for i in range(slices)))

    def test_answers(self):
        """Also what is printed is made in proportion."""
        for words in (["resolve", "-o", "name"], ["resolve", "-o", "wide"],
                      ["resolve", "-o", "json", "--all"], ["explain"],
                      ["pick", "-o", "json"], ["graph"]):
            with self.subTest(words=words):
                first = self.run_safely(words[0], "-f", self.one_service(50),
                                        *words[1:], "one.shop")
                second = self.run_safely(
                    words[0], "-f", self.one_service(200), *words[1:],
                    "one.shop")
                self.assertEqual((first.status, second.status), (0, 0))
                self.assertLess(second.seconds, FACTOR * first.seconds + NOISE)
                if not SANITIZED:
                    self.assertLess(second.kib, self.base + 8 * (
                        len(second.out) + 700000) // 1024)

    def test_everybody_is_the_same(self):
        """The same hundred addresses in very many slices."""
        def text(count):
            yield abuse.text_of(abuse.service("one"))
            for i in range(count):
                yield abuse.text_of(abuse.piece("one", addresses(0),
                                                suffix=str(i)))
        count = 100 if SANITIZED else 400
        first = self.measure(self.write("few.json", *text(count)),
                             "resolve", "-o", "name", "one.shop")
        second = self.measure(self.write("many.json", *text(4 * count)),
                              "resolve", "-o", "name", "one.shop")
        self.assertEqual(second.out.count(b"\n"), 100)
        self.assertLess(second.seconds, FACTOR * first.seconds + NOISE)

    def test_many_nodes(self):
        """Each Node is asked for its local endpoints."""
        def text(count):
            yield abuse.text_of(abuse.service(
                "one", type="NodePort", externalTrafficPolicy="Local",
                ports=[{"name": "http", "port": 80, "nodePort": 30080}]))
            for i in range(count):
                yield abuse.text_of(node(f"node-{i}",
                                         f"172.16.{i >> 8}.{i & 255}"))
            for i in range(count // 100):
                piece = abuse.piece("one", addresses(i), suffix=str(i))
                for j, endpoint in enumerate(piece["endpoints"]):
                    endpoint["nodeName"] = f"node-{100 * i + j}"
                yield abuse.text_of(piece)
        count = 500 if SANITIZED else 2000
        words = ["resolve", "-o", "name", "--view", "node", "one.shop"]
        first = self.measure(self.write("few.json", *text(count)), *words)
        second = self.measure(self.write("many.json", *text(4 * count)),
                              *words)
        self.assertEqual(second.out.count(b"\n"), 4 * count)
        self.assertLess(second.seconds, FACTOR * first.seconds + NOISE)


class TestBounds(abuse.Abuse):
    def code(self, path, name="good.shop"):
        [answer] = self.answers("-f", path, name)[0]
        return answer.get("code")

    def services(self, count):
        return self.write("services.json", *(abuse.text_of(
            abuse.service(f"s{i}")) for i in range(count)))

    def test_services(self):
        self.assertEqual(self.code(self.services(10000), "s9999.shop"),
                         "SVC_ENOENDPOINTS")
        self.assertEqual(self.code(self.services(10001), "s1.shop"),
                         "SVC_ETOOBIG")

    def test_endpoints(self):
        ten = [f'"10.0.0.{i}"' for i in range(100)]
        endpoints = ",".join('{"addresses":[%s]}' % a for a in ten)
        text = abuse.text_of(abuse.piece("good", [])).replace(
            '"endpoints": []', f'"endpoints": [{endpoints}]')
        texts = [text.replace("good-1", f"good-{i}") for i in range(2001)]
        service = abuse.text_of(abuse.service("good"))
        path = self.write("full.json", service, *texts[:2000])
        self.assertIsNone(self.code(path))
        path = self.write("over.json", service, *texts)
        self.assertEqual(self.code(path), "SVC_ETOOBIG")

    def test_one_slice(self):
        def refused(**change):
            piece = abuse.piece("good", ["10.0.0.1"])
            piece.update(change)
            path = self.write("slice.json", abuse.text_of(
                abuse.service("good"), piece))
            return self.code(path) is not None
        one = {"addresses": ["10.0.0.1"]}
        self.assertFalse(refused(endpoints=[one] * 1000))
        self.assertTrue(refused(endpoints=[one] * 1001))
        self.assertFalse(refused(endpoints=[{"addresses": ["10.0.0.1"] * 100}]))
        self.assertTrue(refused(endpoints=[{"addresses": ["10.0.0.1"] * 101}]))
        names = [{"name": f"z{i}"} for i in range(9)]
        self.assertFalse(refused(endpoints=[
            {**one, "hints": {"forZones": names[:8]}}]))
        self.assertTrue(refused(endpoints=[
            {**one, "hints": {"forZones": names}}]))

    def test_one_object(self):
        for size, fine in ((1400000, True), (1700000, False),
                           (3 * MIB, False)):
            pad = json.dumps({"apiVersion": "v1", "kind": "Pod",
                              "metadata": {"name": "p"}, "x": "y" * size})
            for form in (pad, pad.replace('{"api', 'x: 1\n---\n{"api')):
                path = self.write("pad", form, "\n---\n" if form != pad
                                  else "\n", abuse.text_of(abuse.GOOD[0]),
                                  "---\n" if form != pad else "",
                                  abuse.text_of(abuse.GOOD[1]))
                with self.subTest(size=size, yaml=form != pad):
                    self.assertEqual(self.code(path),
                                     None if fine else "SVC_EFILE")

    def test_one_file(self):
        """A huge file is refused unread; a sparse one costs no disk."""
        path = self.write("huge.json", "{")
        os.truncate(path, 300 * MIB)
        done = self.run_safely("resolve", "-f", path, "good.shop")
        self.assertEqual(done.status, 2)
        self.assertLess(done.seconds, 2)
        self.assertLess(done.kib, (500 if SANITIZED else 20) * 1024)

    def test_refused_objects(self):
        bad = '{"apiVersion":"v1","kind":"Node","metadata":{"name":"%d"}}\n'
        bad = bad.replace("}}", ',"labels":1}}')
        for count, code in ((1000, None), (1001, "SVC_EFILE")):
            path = self.write("bad.json", *(bad % i for i in range(count)),
                              abuse.text_of(*abuse.GOOD))
            self.assertEqual(self.code(path), code)

    def test_many_files(self):
        """More than a folder may hold: it is refused as a whole."""
        folder = os.path.join(self.folder, "many")
        os.mkdir(folder)
        for i in range(10000):
            os.mknod(f"{folder}/{i}.json")
        self.assertEqual(self.code(folder), "SVC_ENOSERVICE")
        os.mknod(f"{folder}/more.json")
        self.assertEqual(self.code(folder), "SVC_EFILE")

    def test_long_words(self):
        """64 KiB where a name belongs: the object alone is refused."""
        long = "a" * 65536
        objects = []
        for i, field in enumerate(["name", "namespace"]):
            one = abuse.service(f"s{i}")
            one["metadata"][field] = long
            objects.append(one)
        for i, field in enumerate(["hostname", "nodeName", "zone"]):
            one = abuse.piece("good", ["10.0.0.7"], suffix=f"x{i}")
            one["endpoints"][0][field] = long
            objects.append(one)
        alias = abuse.service("alias", type="ExternalName", ports=[],
                              externalName=".".join(["a" * 60] * 1000))
        path = self.write("long.json", abuse.text_of(*abuse.GOOD, *objects,
                                                     alias))
        [good, bad], done = self.answers("-v", "-f", path, "good.shop",
                                         "alias.shop")
        self.assert_answered(good, "10.0.0.1")
        self.assertEqual(bad.get("code"), "SVC_EFILE")
        self.assertLess(len(done.err), 8000)


if __name__ == "__main__":
    unittest.main()
