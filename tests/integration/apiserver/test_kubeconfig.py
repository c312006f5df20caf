# SPDX-License-Identifier: Apache-2.0
"""What a kubeconfig says of the server, the way to it, the user and the
namespace, as the server sees it (faults A30, 3.4)."""
import json
import os
import shutil
import unittest

import api_tools
from api_tools import MINUTE, Asking, encoded, has_backend
# Of folders that api_tools has named.
import nobody
from http_tools import Server, read_head
from test_proxy import tunnel

TOKEN = "to.Ken-42"


def setUpModule():
    global MADE
    MADE = api_tools.set_up_module()
    for name in ("one", "two"):
        MADE.sign(name, "ca")
    MADE.authority("other")


class Kubeconfigs(Asking):
    secrets = ("to.Ken", "sesame", "KEY--")

    def seen(self, read):
        """What is the same of all requests; they are forgotten."""
        values = [read(request) for request in self.api.requests]
        self.api.requests.clear()
        self.assertNotEqual(values, [])
        self.assertEqual(values, values[:1] * len(values))
        return values[0]

    def part(self, name, **parts):
        """A file with some of a kubeconfig."""
        return self.put(name, json.dumps(parts))

    def named(self, kind, name, **value):
        return [{"name": name, kind: value}]


class TestFiles(Kubeconfigs):
    def parts(self):
        """Cluster, user and context in files of their own."""
        for folder in "abc":
            os.mkdir(self.path(folder))
        shutil.copy(MADE.path("ca.pem"), self.path("a/ca"))
        self.put("b/token", TOKEN)
        return [
            self.part("a/config", clusters=self.named(
                "cluster", "k", **self.cluster(
                    **{"certificate-authority": "ca"}))),
            self.part("b/config", users=self.named(
                "user", "u", tokenFile="token")),
            self.part("c/config", contexts=self.named(
                "context", "c", cluster="k", user="u", namespace="team"),
                **{"current-context": "c"})]

    def test_merged(self):
        """Paths are those of the file that they stand in."""
        paths = self.parts()
        for order in (paths, paths[::-1], ["/no/such", *paths, ""]):
            self.good(None, env={"KUBECONFIG": ":".join(order)}, name="web")
            self.assertEqual(self.seen(lambda r: r.bearer), TOKEN)
        self.good(":".join(paths), name="web")

    def test_first_wins(self):
        paths = self.parts()
        first = self.part("first", users=self.named("user", "u"),
                          **{"current-context": "d"})
        self.bad(2, ":".join([first, *paths]))
        self.good(":".join([first, *paths]), "--context", "c", name="web")
        self.assertIsNone(self.seen(lambda r: r.bearer))

    def test_missing(self):
        log = self.bad(2, "/no/such/config")
        self.assertIn("/no/such/config: ", log)
        log = self.bad(2, None, env={"KUBECONFIG": "/no/such:/nor/this"})
        self.assertIn("hint: ", log)

    def test_nothing_at_hand(self):
        log = self.bad(2, None, env={"HOME": self.folder})
        self.assertIn("no credentials for an API server are at hand", log)

    def test_home(self):
        os.mkdir(self.path(".kube"))
        self.config({"token": TOKEN}, name=".kube/config")
        self.good(None, env={"HOME": self.folder})
        self.assertEqual(self.seen(lambda r: r.bearer), TOKEN)

    def test_broken(self):
        """No text of it is in a message."""
        for text in ("token: [to.Ken-42", "*to.Ken-42", "!to.Ken-42 x",
                     "\0to.Ken-42", "", "to.Ken-42", "[]"):
            self.bad(2, self.put("config", text))
        os.mkdir(self.path("folder"))
        self.bad(2, self.path("folder"))
        self.assertEqual(self.api.connections, 0)

    def test_changed_under_way(self):
        """After a 401; a broken one leaves the one before in use."""
        process = self.asker(kubeconfig=self.config({"token": "to.Ken-1"}))
        self.assertEqual(self.tell(process), "done 200\n")
        self.put("config", "{\"token\": \"to.Ken-2")
        said = self.tell(process, "again")
        self.assertIn("what was read before stays", said)
        self.assertIn("done 200\n", said)
        self.config({"token": "to.Ken-3"})
        self.assertEqual(self.tell(process, "again"), "done 200\n")
        self.assertEqual([r.bearer for r in self.api.requests],
                         ["to.Ken-1", "to.Ken-1", "to.Ken-3"])


class TestContext(Kubeconfigs):
    def test_chosen(self):
        path = self.part(
            "config", clusters=self.named("cluster", "k", **self.cluster()),
            users=self.named("user", "a", token="to.Ken-a") +
            self.named("user", "b", token="to.Ken-b"),
            contexts=self.named("context", "a", cluster="k", user="a") +
            self.named("context", "b", cluster="k", user="b"),
            **{"current-context": "a"})
        self.good(path)
        self.assertEqual(self.seen(lambda r: r.bearer), "to.Ken-a")
        self.good(path, "--context", "b")
        self.assertEqual(self.seen(lambda r: r.bearer), "to.Ken-b")
        self.good(None, "--context", "b", env={"KUBECONFIG": path})
        self.assertEqual(self.seen(lambda r: r.bearer), "to.Ken-b")
        self.assertIn("\"c\"", self.bad(2, path, "--context", "c"))

    def test_not_in_a_pod(self):
        """Who names a context means a kubeconfig, in a pod too."""
        self.put("token", "to.Ken-pod")
        shutil.copy(MADE.path("ca.pem"), self.path("ca.crt"))
        env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
               "KUBERNETES_SERVICE_PORT": str(self.api.port),
               "KUBECONFIG": self.config({"token": TOKEN})}
        self.tell(self.asker(env=env, folder=self.folder))
        self.assertEqual(self.seen(lambda r: r.bearer), "to.Ken-pod")
        self.tell(self.asker(env=env, folder=self.folder, context="here"))
        self.assertEqual(self.seen(lambda r: r.bearer), TOKEN)

    def test_none_is_current(self):
        config = self.config()
        with open(config, encoding="utf-8") as file:
            text = json.load(file)
        del text["current-context"]
        self.put("config", json.dumps(text))
        log = self.bad(2, config)
        self.assertIn("current-context", log)
        self.assertIn("hint: ", log)
        self.good(config, "--context", "here")

    def space(self, *arguments, **more):
        self.good(*arguments, name="web", **more)
        return self.seen(lambda r: r.path.split("/namespaces/")[1]
                         .partition("/")[0])

    def test_namespace(self):
        config = self.config(namespace="team")
        self.assertEqual(self.space(config), "team")
        self.assertEqual(self.space(config, "-n", "other"), "other")
        self.assertEqual(self.space(self.config()), "default")

    def test_bad_namespace(self):
        for name in ("../evil", "a/b", "a\nb", "A B", "x" * 300):
            self.bad(2, self.config(namespace=name), name="web")
        self.assertEqual(self.api.requests, [])


class TestUser(Kubeconfigs):
    def test_impersonation(self):
        self.good(self.config({
            "token": TOKEN, "as": "jane", "as-uid": "1-2",
            "as-groups": ["dev", "system:authenticated"]}))
        self.assertEqual(
            self.seen(lambda r: [r.bearer] + [
                r.headers.get_all("Impersonate-" + n)
                for n in ("User", "Uid", "Group", "Extra-x")]),
            [TOKEN, ["jane"], ["1-2"], ["dev", "system:authenticated"], None])

    def test_impersonation_refused(self):
        """What would make another header, or another one's name of it."""
        for user in ({"as": "jane\r\nX: y"}, {"as": "a", "as-uid": "\n"},
                     {"as": "a", "as-groups": ["b\r\nX: y"]},
                     {"as": "a", "as-user-extra": {"scopes": ["x"]}},
                     {"username": "a", "password": "sesame"},
                     {"auth-provider": {"name": "gcp"}}):
            self.bad(2, self.config(user))
        self.assertEqual(self.api.connections, 0)

    def pair(self, name, how):
        """Certificate and key, each as a file or as data."""
        user = {}
        for kind, end, is_file in (("certificate", ".pem", how[0]),
                                   ("key", ".key", how[1])):
            path = MADE.path(name + end)
            if is_file:
                shutil.copy(path, self.path(kind))
                user[f"client-{kind}"] = kind
            else:
                user[f"client-{kind}-data"] = encoded(path)
        return user

    def test_certificate(self):
        for how in ((0, 0), (0, 1), (1, 0), (1, 1)):
            self.good(self.config(self.pair("one", how)))
            self.assertEqual(self.seen(lambda r: (r.client, r.bearer)),
                             ("one", None))
        self.good(self.config({**self.pair("one", (1, 1)), "token": TOKEN}))
        self.assertEqual(self.seen(lambda r: (r.client, r.bearer)),
                         ("one", TOKEN))

    def test_certificate_is_renewed(self):
        process = self.asker(kubeconfig=self.config(self.pair("one", (1, 1))))
        self.tell(process)
        self.pair("two", (1, 1))
        self.tell(process)
        self.tell(process, f"skip {MINUTE}")
        self.assertEqual(self.tell(process), "done 200\n")
        self.assertEqual([r.client for r in self.api.requests],
                         ["one", "one", "two"])

    def test_what_is_no_pem(self):
        """Such as half of a file: what was read before stays."""
        shutil.copy(MADE.path("ca.pem"), self.path("ca"))
        pair = self.pair("one", (1, 1))
        config = self.config(pair, self.cluster(
            **{"certificate-authority": "ca"}))
        process = self.asker(kubeconfig=config)
        self.tell(process)
        for name in ("certificate", "key", "ca"):
            with open(self.path(name), encoding="ascii") as file:
                good = file.read()
            for text in ("", "\n", "text", good[:20], good[20:], good[:-40]):
                self.put(name, text)
                said = self.tell(process, "again")
                self.assertIn("what was read before stays", said)
                self.assertIn("done 200\n", said)
                log = self.bad(6, config)
                self.assertIn(f"/{name} is no PEM text", log)
            self.put(name, good)
        self.assertEqual(self.tell(process, "again"), "done 200\n")
        self.assertEqual(self.seen(lambda r: r.client), "one")

    def test_half_a_pair(self):
        """A key alone is passed over, as by kubectl."""
        pair = self.pair("one", (1, 1))
        self.bad(2, self.config(
            {"client-certificate": pair["client-certificate"]}))
        self.good(self.config({"client-key": pair["client-key"]}))
        self.assertIsNone(self.seen(lambda r: r.client))
        os.remove(self.path("key"))
        self.assertIn("/key: ", self.bad(6, self.config(pair)))

    def test_pair_changes_one_by_one(self):
        """Between the two nobody is asked, which is said; then all is well."""
        process = self.asker(kubeconfig=self.config(self.pair("one", (1, 1))))
        self.assertEqual(self.tell(process), "done 200\n")
        shutil.copy(MADE.path("two.pem"), self.path("certificate"))
        said = self.tell(process, "again")
        self.assertIn("done SVC_EAUTH ", said)
        self.assertIn("the client certificate or key cannot be used", said)
        shutil.copy(MADE.path("two.key"), self.path("key"))
        self.assertEqual(self.tell(process, "again"), "done 200\n")
        self.assertEqual([r.client for r in self.api.requests],
                         ["one", "two"])


class TestServer(Kubeconfigs):
    def at(self, host, path="", **more):
        return self.cluster(server=f"https://{host}:{self.api.port}{path}",
                            **more)

    def test_name(self):
        """localhost needs nobody to be asked."""
        self.good(self.config({"token": TOKEN}, self.at("localhost")))
        self.assertEqual(
            self.seen(lambda r: (r.server_name, r.headers["Host"])),
            ("localhost", f"localhost:{self.api.port}"))

    def test_tls_server_name(self):
        """It changes what the certificate is checked for, and no header."""
        for host in ("127.0.0.1", "localhost"):
            self.good(self.config(cluster=self.at(
                host, **{"tls-server-name": "api.test"})))
            self.assertEqual(
                self.seen(lambda r: (r.server_name, r.headers["Host"])),
                ("api.test", f"{host}:{self.api.port}"))
        log = self.bad(6, self.config(cluster=self.at(
            "127.0.0.1", **{"tls-server-name": "wrong.test"})))
        self.assertIn("wrong.test", log)

    def test_path(self):
        """A server behind a path, as some gateways have it."""
        for base in ("/k8s/clusters/c-1", "/k8s/clusters/c-1/"):
            self.good(self.config(cluster=self.at("127.0.0.1", base)))
            self.assertEqual({r.path.partition("?")[0]
                              for r in self.api.requests}, {
                "/k8s/clusters/c-1/api/v1/namespaces/shop/services",
                "/k8s/clusters/c-1/apis/discovery.k8s.io/v1/namespaces/shop"
                "/endpointslices"})
            self.api.requests.clear()

    def test_ca_as_data(self):
        data = {"certificate-authority": None, "certificate-authority-data":
                encoded(MADE.path("ca.pem"))}
        self.good(self.config(cluster=self.cluster(**data)))

    def test_insecure(self):
        """Said, and never beside a CA."""
        insecure = {"insecure-skip-tls-verify": True}
        log = self.good(self.config({"token": TOKEN}, self.cluster(
            **insecure, **{"certificate-authority": None})))
        self.assertIn("warning: ", log)
        self.assertIn("insecure-skip-tls-verify is set", log)
        self.bad(2, self.config({"token": TOKEN}, self.cluster(**insecure)))

    def test_insecure_under_way(self):
        """Said when it begins, and not again."""
        said = "insecure-skip-tls-verify is set"
        process = self.asker(kubeconfig=self.config())
        self.assertNotIn(said, self.tell(process))
        self.config(cluster=self.cluster(**{
            "insecure-skip-tls-verify": True, "certificate-authority": None}))
        self.assertIn(said, self.tell(process, "again"))
        self.assertNotIn(said, self.tell(process, "again"))

    def test_proxy_under_way(self):
        """One that is not found is not gone round, with old addresses."""
        process = self.asker(dns=nobody.start(), kubeconfig=self.config())
        self.assertEqual(self.tell(process), "done 200\n")
        count = self.api.connections
        self.config(cluster=self.cluster(
            **{"proxy-url": "http://no-such.test:3128"}))
        for command in ("again", "ask", "ask"):
            self.assertIn("no-such.test", self.tell(process, command))
        self.assertEqual(self.api.connections, count)

    def test_no_thread(self):
        """Whatever has to be looked up, by the program's own thread."""
        for host, words in (("localhost", "done 200\n"),
                            ("no-such.test", "done SVC_EUNREACH ")):
            process = self.asker(dns=nobody.start(), kubeconfig=self.config(
                {"token": TOKEN}, self.at(host)))
            said = self.tell(process)
            self.assertTrue(words in said or not has_backend("dns"), said)
            self.assertEqual(len(os.listdir(f"/proc/{process.pid}/task")), 1)


class TestProxy(Kubeconfigs):
    def proxy(self, serve=None):
        proxy = Server(serve or tunnel(self.api.port))
        self.addCleanup(proxy.close)
        return proxy

    def through(self, proxy, host="127.0.0.1", user="me:sesame@", **more):
        return self.config({"token": TOKEN}, self.cluster(
            server=f"https://{host}:{self.api.port}", **more,
            **{"proxy-url": f"http://{user}{proxy}"}))

    def ask_one(self, config, env=None):
        return self.tell(self.asker(kubeconfig=config, env=env))

    def is_tunnel(self, proxy, host):
        """It has seen the name, and nothing of the credentials."""
        for head in proxy.seen:
            self.assertTrue(head.startswith(
                f"CONNECT {host}:{self.api.port} HTTP/1.1\r\n"), head)
            self.is_clean(head)
            self.assertNotIn("Bearer", head)
        self.assertGreater(len(proxy.seen), 0)

    def test_given(self):
        """The server's name is the proxy's business."""
        for place, host in (("127.0.0.1", "127.0.0.1"),
                            ("localhost", "api.test")):
            proxy = self.proxy()
            self.assertEqual("done 200\n", self.ask_one(
                self.through(f"{place}:{proxy.port}", host)))
            self.is_tunnel(proxy, host)
            self.assertIn("\r\nProxy-Authorization: Basic ", proxy.seen[0])
            self.assertEqual(self.seen(lambda r: r.bearer), TOKEN)

    def test_from_the_environment(self):
        """As for kubectl: never to this host, and not where NO_PROXY says."""
        proxy = self.proxy()
        env = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        for host in ("127.0.0.1", "localhost"):
            self.assertEqual("done 200\n", self.ask_one(self.config(
                {}, self.cluster(server=f"https://{host}:{self.api.port}")),
                env))
        self.assertEqual(proxy.seen, [])
        config = self.config({"token": TOKEN}, self.cluster(
            server=f"https://api.test:{self.api.port}"))
        self.assertEqual("done 200\n", self.ask_one(config, env))
        self.is_tunnel(proxy, "api.test")
        count = proxy.connections
        said = self.tell(self.asker(
            env={**env, "NO_PROXY": ".test"}, kubeconfig=config,
            dns=nobody.start()))
        self.assertIn("done SVC_E", said)
        self.assertEqual(proxy.connections, count)

    def test_not_in_a_pod(self):
        """The server is near: no environment leads away from it."""
        proxy = self.proxy()
        self.put("token", TOKEN)
        shutil.copy(MADE.path("ca.pem"), self.path("ca.crt"))
        process = self.asker(folder=self.folder, env={
            "KUBERNETES_SERVICE_HOST": "localhost",
            "KUBERNETES_SERVICE_PORT": str(self.api.port),
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})
        self.assertEqual(self.tell(process), "done 200\n")
        self.assertEqual(proxy.connections, 0)

    def test_refuses(self):
        def refuse(server, peer):
            server.seen.append(read_head(peer))
            peer.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

        proxy = self.proxy(refuse)
        said = self.ask_one(self.through(f"127.0.0.1:{proxy.port}"))
        self.assertIn("done SVC_EUNREACH", said)
        self.assertIn(f"through proxy 127.0.0.1:{proxy.port}", said)
        self.is_tunnel(proxy, "127.0.0.1")

    def test_nobody_there(self):
        log = self.bad(5, self.through("127.0.0.1:1"), "-t", "300ms")
        self.assertIn("through proxy 127.0.0.1:1", log)
        self.assertEqual(self.api.connections, 0)

    def test_bad(self):
        for url in ("ftp://127.0.0.1:1", "127.0.0.1:1", "socks4://a:1",
                    "http://", "http://me:sesame@", "http://a\r\nb:1"):
            self.bad(2, self.config({"token": TOKEN}, self.cluster(
                **{"proxy-url": url})))
        self.assertEqual(self.api.connections, 0)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
