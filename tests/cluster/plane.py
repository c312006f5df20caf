# SPDX-License-Identifier: Apache-2.0
"""A whole cluster, from nothing to a scenario and back: which part waits for
which. The programs are those of tests/cluster/build."""
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import keys
import namespace
import oracle
import parts
from kube import Kube
from parts import HERE, Part

ROOT = os.path.abspath(f"{HERE}/../..")
TOOLS = {"ip": "iproute2", "openssl": "openssl", "nft": "nftables"}
BUILT = os.environ.get("CLUSTER", f"{ROOT}/build/cluster")
HARMLESS_POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "probe", "namespace": "dev"},
    "spec": {"containers": [{"name": "probe", "image": "probe"}]}}
INSIDE = """#!/bin/sh
# A command inside of this cluster's network, as its administrator.
export KUBECONFIG="${{KUBECONFIG:-{folder}/admin.kubeconfig}}"
export PATH={programs}:$PATH SVC_CLUSTER={folder}
exec {enter} "$@"
"""
PART = """#!/bin/sh
exec {folder}/in {here}/part "$@"
"""


def missing(programs=BUILT, proxy=False):
    """Why there can be no cluster here, in one line; None: there can."""
    for tool, package in TOOLS.items():
        if (proxy or tool != "nft") and not shutil.which(
                tool, path=namespace.PATH):
            return f"no {tool} here: install {package}"
    if not os.access(f"{programs}/cluster", os.X_OK):
        return f"no control plane in {programs}: tools/setup full, then " \
            f"tests/cluster/build {programs}, put it there"
    return None


class Plane:
    """A network of this process' own and a cluster in it. As a context manager
    it takes all down again; when this process is killed instead, its parts end
    with it, and a child that outlives it removes the folder."""

    def __init__(self, folder=None, programs=BUILT, proxy=False,
                 scenario=True, api_flags=()):
        self.programs = os.path.abspath(programs)
        self.proxy, self.scenario, self.api_flags = proxy, scenario, api_flags
        self.began = time.monotonic()
        self.enter = namespace.enter()
        if folder:
            os.mkdir(folder)
        self.folder = os.path.abspath(folder or tempfile.mkdtemp(
            prefix="svc-cluster-"))
        # It waits for the end of its input. Parts that end just then, with
        # this process, may still write.
        sweep = "cat" if os.environ.get("SVC_CLUSTER_KEEP") else \
            'cat; rm -rf "$0" 2>/dev/null || { sleep 2; rm -rf "$0"; }'
        self.broom = subprocess.Popen(
            ["sh", "-c", sweep, self.folder], stdin=subprocess.PIPE,
            start_new_session=True)
        self.environment = {
            **os.environ, "SVC_CLUSTER": self.folder,
            "KUBECONFIG": f"{self.folder}/admin.kubeconfig",
            "PATH": f"{self.programs}:{namespace.PATH}"}
        self.kube = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def say(self, text):
        print(f"cluster: {text} after {time.monotonic() - self.began:.1f} s",
              file=sys.stderr, flush=True)

    def start(self):
        self.write_inside()
        parts.write_commands(self.folder, self.programs, self.api_flags)
        # The pods need nothing; the API server waits for etcd by itself.
        self.begin("pods", "etcd")
        keys.make(self.folder)
        self.begin("kube-apiserver")
        self.ready("etcd", "kube-apiserver")
        self.kube = Kube(self.folder)
        self.begin("kube-controller-manager", "kwok")
        self.kube.kubectl("apply", "-f", f"{HERE}/manifests/base.yaml",
                          "-f", f"{ROOT}/docs/rbac.yaml")
        self.begin("coredns", *(["kube-proxy"] if self.proxy else []))
        self.ready("pods", "kube-controller-manager", "kwok")
        self.wait("placement of pods", self.places_pods)
        if self.scenario:
            self.kube.kubectl("apply", "-f", f"{HERE}/manifests/scenario.yaml")
        self.ready("coredns", *(["kube-proxy"] if self.proxy else []))
        self.kube.token_kubeconfig("reader")
        if self.scenario:
            self.wait("scenario", self.has_scenario)

    def write_inside(self):
        """FOLDER/in COMMAND and FOLDER/part ACTION PART, for people."""
        words = {"folder": shlex.quote(self.folder), "here": shlex.quote(HERE),
                 "programs": shlex.quote(self.programs),
                 "enter": shlex.join(self.enter)}
        for name, text in (("in", INSIDE), ("part", PART)):
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text.format(**words))
            os.chmod(file.name, 0o755)

    def begin(self, *names):
        for name in names:
            Part(self.folder, name).start()

    def ready(self, *names):
        for name in names:
            Part(self.folder, name).wait_ready()
            self.say(f"{name} ready")

    def wait(self, what, is_so):
        end = time.monotonic() + parts.SECONDS
        while not is_so():
            if time.monotonic() > end:
                raise parts.Failed(f"{what}: not after {parts.SECONDS} s "
                                   f"(logs: {self.folder}/log)")
            Part(self.folder, "etcd").wait(parts.PAUSE_MS)
        self.say(f"{what} ready")

    def places_pods(self):
        """A policy is in force some time after it was written; and no pod is
        made before its ServiceAccount is there."""
        status, pod = self.kube.request(
            "POST", "/api/v1/namespaces/dev/pods?dryRun=All", HARMLESS_POD)
        return status == 201 and pod["spec"].get("nodeName") == "dev-big"

    def has_scenario(self):
        """Its three pods behind five Services, in DNS, and with kube-proxy."""
        slices = self.kube.get(
            "/apis/discovery.k8s.io/v1/namespaces/dev/endpointslices")["items"]
        ready = [e for s in slices for e in s["endpoints"] or []
                 if e["conditions"].get("ready")]
        if len(ready) != 15:
            return False
        try:
            if self.proxy and not all(len(oracle.proxied(
                    f"10.96.162.{i}", 80)) == 3 for i in range(201, 205)):
                return False
            return len(parts.ask.ask(53, "svc-nginx.dev.svc.cluster.local",
                                     "A", address=parts.DNS).data("A")) == 3
        except (OSError, subprocess.CalledProcessError):  # no table, no answer
            return False

    def stop(self):
        """Nothing is to be kept, so that nobody gets time to tidy up."""
        began = time.monotonic()
        for name in reversed(parts.READY):
            Part(self.folder, name).stop(parts.signal.SIGKILL)
        self.broom.stdin.close()
        self.broom.wait()
        with contextlib.suppress(OSError):  # nobody may listen any more
            print(f"cluster: down in {time.monotonic() - began:.1f} s",
                  file=sys.stderr, flush=True)
