# SPDX-License-Identifier: Apache-2.0
"""The API of a running cluster, as its administrator: by kubectl, as people
have it, and by plain requests where a process each would be too slow."""
import http.client
import json
import os
import ssl
import subprocess

import keys

SECONDS = 60
PATCH = "application/merge-patch+json"
RESOLV = """search {}.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.244.0.3
options ndots:5
"""


class Kube:
    """folder is the cluster's; kubectl is on the PATH, or beside the parts."""

    def __init__(self, folder):
        self.folder = folder
        self.context = ssl.create_default_context(
            cafile=f"{folder}/keys/ca.crt")
        self.context.load_cert_chain(f"{folder}/keys/admin.crt",
                                     f"{folder}/keys/admin.key")
        with open(f"{folder}/commands/pods", encoding="utf-8") as file:
            pods = file.read().split()[-1]
        self.program = os.path.join(os.path.dirname(pods), "kubectl")

    def kubectl(self, *arguments, text=None, user="admin", ok=True):
        """Standard output; the finished process when it may fail."""
        done = subprocess.run(
            [self.program, *arguments], input=text, text=True,
            capture_output=True, timeout=SECONDS, check=False, env={
                **os.environ, "KUBECONFIG": self.kubeconfig(user),
                "HOME": self.folder})
        if not ok:
            return done
        assert done.returncode == 0, f"kubectl {arguments}: {done.stderr}"
        return done.stdout

    def kubeconfig(self, user):
        return f"{self.folder}/{user}.kubeconfig"

    def objects(self, kinds, namespace="dev"):
        """The objects of some kinds, "services,nodes", by kubectl."""
        return json.loads(self.kubectl("-n", namespace, "get", kinds, "-o",
                                       "json"))["items"]

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", text=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": objects}))

    def request(self, method, path, body=None, kind="application/json"):
        """(status, object) of one request, or a text where the answer is
        none; OSError: nobody answers."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", 6443, context=self.context, timeout=SECONDS)
        try:
            connection.request(method, path, body and json.dumps(body), {
                "Content-Type": kind, "Accept": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            kind = answer.headers.get_content_type()
            return answer.status, (json.loads(text) if text and
                                   kind == "application/json" else text)
        except http.client.HTTPException as broken:
            raise OSError(str(broken)) from broken
        finally:
            connection.close()

    def get(self, path):
        status, found = self.request("GET", path)
        assert status == 200, f"GET {path}: {found}"
        return found

    def patch(self, path, change):
        """A merge patch: of an object, or of /status below it."""
        status, found = self.request("PATCH", path, change, PATCH)
        assert status == 200, f"PATCH {path}: {found}"
        return found

    def service(self, name, namespace="dev"):
        return f"/api/v1/namespaces/{namespace}/services/{name}"

    def pod(self, name, namespace="dev"):
        return f"/api/v1/namespaces/{namespace}/pods/{name}"

    def set_ingress(self, name, *addresses, namespace="dev"):
        """What a cloud does for a Service of type LoadBalancer."""
        self.patch(self.service(name, namespace) + "/status", {
            "status": {"loadBalancer": {"ingress": [
                {"ip": a} for a in addresses] or None}}})

    def set_ready(self, path, ready):
        """A pod's or a node's condition Ready; others stay."""
        found = self.get(path)["status"]["conditions"]
        for condition in found:
            if condition["type"] == "Ready":
                condition["status"] = "True" if ready else "False"
        self.patch(path + "/status", {"status": {"conditions": found}})

    def token(self, account, namespace="dev", duration="1h"):
        """A real token, as a pod of that ServiceAccount has it."""
        return self.kubectl("-n", namespace, "create", "token", account,
                            "--duration", duration).strip()

    def token_kubeconfig(self, account, **more):
        """ACCOUNT.kubeconfig, beside those of the users."""
        keys.kubeconfig(self.folder, account,
                        token=self.token(account, **more))
        return self.kubeconfig(account)

    def in_pod(self, folder, account, namespace="dev"):
        """What a pod of that ServiceAccount finds in its files, put into a
        folder, and in its environment, which is returned."""
        with open(f"{self.folder}/keys/ca.crt", encoding="ascii") as file:
            texts = {"ca.crt": file.read(), "namespace": namespace,
                     "token": self.token(account, namespace),
                     "resolv.conf": RESOLV.format(namespace)}
        for name, text in texts.items():
            keys.write_private(os.path.join(folder, name), text)
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
                "KUBERNETES_SERVICE_PORT": "6443"}
