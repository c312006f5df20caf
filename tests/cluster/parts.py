# SPDX-License-Identifier: Apache-2.0
"""The processes of a cluster. All that is known of one is in the cluster's
folder, so that whoever has the folder can end it and start it again: commands/NAME
starts it, pid/NAME and log/NAME say what became of it."""
import ctypes
import os
import select
import shlex
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../dns"))
import ask  # noqa: E402 pylint: disable=wrong-import-position

SECONDS = 60  # for a part to be ready
END_SECONDS = 90  # the API server waits 60 s for open watches when terminated
PAUSE_MS = 20  # between one look and the next
DNS = "10.244.0.3"
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """A part ended, or is not ready in time."""


def says_ok(url):
    """A health page with status 200. Who answers does not matter: nobody else
    is in this network."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    https = urllib.request.HTTPSHandler(context=context)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), https)
    try:
        with opener.open(url, timeout=2) as page:
            return page.status == 200
    except (OSError, urllib.error.URLError):
        return False


def dns_answers():
    """/ready of CoreDNS may be true before its port 53 is open: a question."""
    try:
        answer = ask.ask(53, "kubernetes.default.svc.cluster.local", "A",
                         seconds=1, address=DNS)
    except OSError:
        return False
    return answer.data("A") == ["10.96.0.1"]


READY = {
    "etcd": lambda: says_ok("http://127.0.0.1:2379/health"),
    "kube-apiserver": lambda: says_ok("https://127.0.0.1:6443/readyz"),
    "kube-controller-manager":
        lambda: says_ok("https://127.0.0.1:10257/healthz"),
    "kwok": lambda: says_ok("http://127.0.0.1:10247/healthz"),
    "coredns": dns_answers,
    "kube-proxy": lambda: says_ok("http://127.0.0.1:10256/healthz"),
    "pods": lambda: says_ok("http://10.244.0.9/"),
}
CONTROLLERS = ",".join(name + "-controller" for name in (
    "endpointslice", "endpointslice-mirroring", "endpoints", "statefulset",
    "deployment", "replicaset", "namespace", "serviceaccount",
    "serviceaccount-token", "root-ca-certificate-publisher",
    "garbage-collector"))


def commands(folder, api_flags=()):
    """{part: its arguments}, in the order in which they start."""
    keys = f"{folder}/keys"

    def user(name, *flags):
        return [f"{flag}={folder}/{name}.kubeconfig" for flag in
                ("--kubeconfig", *flags)]
    return {
        "etcd": [
            "--name=one", f"--data-dir={folder}/etcd", "--unsafe-no-fsync",
            "--log-level=warn", "--initial-cluster=one=http://127.0.0.1:2380",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380"],
        "kube-apiserver": [
            "--etcd-servers=http://127.0.0.1:2379", "--secure-port=6443",
            "--advertise-address=172.18.0.2", "--bind-address=0.0.0.0",
            f"--tls-cert-file={keys}/server.crt",
            f"--tls-private-key-file={keys}/server.key",
            f"--client-ca-file={keys}/ca.crt", "--authorization-mode=RBAC",
            f"--token-auth-file={keys}/tokens.csv",
            "--service-account-issuer="
            "https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={keys}/accounts.key",
            f"--service-account-signing-key-file={keys}/accounts.key",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-node-port-range=30000-32767", "--profiling=false",
            "--event-ttl=5m", *api_flags],
        # Under RBAC only an account of its own lets it write EndpointSlices.
        "kube-controller-manager": [
            *user("kube-controller-manager", "--authentication-kubeconfig",
                  "--authorization-kubeconfig"),
            "--use-service-account-credentials=true", "--leader-elect=false",
            "--bind-address=127.0.0.1", f"--root-ca-file={keys}/ca.crt",
            f"--service-account-private-key-file={keys}/accounts.key",
            "--kube-api-qps=500", "--kube-api-burst=1000",
            "--concurrent-service-endpoint-syncs=10",
            "--concurrent-statefulset-syncs=10",
            f"--controllers={CONTROLLERS}"],
        "kwok": [
            *user("kwok"), f"--config={HERE}/manifests/kwok.yaml",
            "--manage-all-nodes=true", "--cidr=10.244.3.0/24",
            "--node-lease-duration-seconds=200",
            "--server-address=127.0.0.1:10247"],
        "coredns": ["-conf", f"{HERE}/manifests/Corefile"],
        # No sysctl of connection tracking: not all are a namespace's own.
        "kube-proxy": [
            *user("kube-proxy"), "--proxy-mode=nftables",
            "--hostname-override=dev-control-plane",
            "--bind-address=172.18.0.2", "--cluster-cidr=10.244.0.0/16",
            "--nodeport-addresses=172.18.0.0/24",
            "--healthz-bind-address=127.0.0.1:10256",
            "--metrics-bind-address=127.0.0.1:10249",
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0"],
        "pods": [],
    }


def write_commands(folder, programs, api_flags=()):
    for name in ("commands", "pid", "log"):
        os.mkdir(f"{folder}/{name}")
    for name, arguments in commands(folder, api_flags).items():
        path = f"{folder}/commands/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexec " +
                       shlex.join([f"{programs}/{name}", *arguments]) + "\n")
        os.chmod(path, 0o755)


class Process:
    """A process that its cluster's folder tells of. It works in that folder,
    which tells it from a later one of the same number; a zombie works
    nowhere."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name

    def path(self, kind):
        return f"{self.folder}/{kind}/{self.name}"

    def pid(self):
        """None: it does not run."""
        try:
            with open(self.path("pid"), encoding="ascii") as file:
                pid = int(file.read())
            same = os.path.samefile(f"/proc/{pid}/cwd", self.folder)
            return pid if same else None
        except (OSError, ValueError):
            return None

    def write_pid(self, pid):
        with open(self.path("pid"), "w", encoding="ascii") as file:
            file.write(f"{pid}\n")

    def wait(self, milliseconds):
        """Whether it has ended, at the latest after that time."""
        try:
            handle = os.pidfd_open(self.pid() or -1)
        except OSError:
            return True
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            return bool(poll.poll(milliseconds))
        finally:
            os.close(handle)

    def stop(self, number=signal.SIGTERM, seconds=END_SECONDS):
        """Ends it by a signal; by KILL when that does not help in time."""
        for number, seconds in ((number, seconds),
                                (signal.SIGKILL, END_SECONDS)):
            pid = self.pid()
            if not pid:
                return
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            if self.wait(seconds * 1000):
                return
        raise Failed(f"{self.name} (process {pid}) does not end")


class Part(Process):
    """One of READY."""

    def start(self, until_parent_ends=True):
        """Starts it, unless it runs; does not wait until it is ready."""
        if self.pid():
            return self
        # Of its own session: Ctrl-C is for who takes the cluster down.
        with open(self.path("log"), "ab") as log:
            process = subprocess.Popen(
                [self.path("commands")], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                preexec_fn=until_parent_ends and die_with_parent or None)
        self.write_pid(process.pid)
        # Its end is seen by pid(): nobody waits for it by this object.
        process.returncode = 0
        return self

    def last_words(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            lines = file.read().strip().splitlines()
        lines = [line[:200] for line in lines[-12:]]
        return f"{lines[-1] if lines else 'no word'}\n" \
            f"The end of {self.path('log')}, which SVC_CLUSTER_KEEP=1 keeps:" \
            + "".join(f"\n    {line}" for line in lines)

    def wait_ready(self, seconds=SECONDS):
        end = time.monotonic() + seconds
        while not READY[self.name]():
            if self.wait(PAUSE_MS):
                raise Failed(f"{self.name} ended: {self.last_words()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} not ready after {seconds} s: "
                             + self.last_words())
        return self


def die_with_parent():
    LIBC.prctl(DIE_WITH_PARENT, signal.SIGKILL)
