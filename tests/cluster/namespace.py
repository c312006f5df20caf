# SPDX-License-Identifier: Apache-2.0
"""A network of one's own: this process leaves the machine's network for one in
which every pod address is local, and only ClusterIPs are not. It ends with the
last process in it."""
import ctypes
import os
import subprocess

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000  # <sched.h>
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"

# A listener on 0.0.0.0 answers for each pod address, but not for a ClusterIP:
# were that range local too, a broken kube-proxy would not show. Yet it needs
# some route, for a packet without one is never offered to nftables: a way out
# that ends nowhere. There are no kernel modules to rely on, hence veth.
LINKS = """
link set lo up
link add out type veth peer name nowhere
link set out up
link set nowhere up
address add 198.18.0.1/30 dev out
route add default via 198.18.0.2 dev out
neighbour add 198.18.0.2 lladdr 02:00:00:00:00:02 dev out
route add local 10.244.0.0/16 dev lo
address add 172.18.0.2/32 dev lo
address add 172.18.0.3/32 dev lo
address add 172.18.0.4/32 dev lo
address add 172.18.0.5/32 dev lo
"""


class Refused(Exception):
    """The machine lets this user have no network of its own."""


def enter():
    """To be called while this process has one thread only. Returns how
    nsenter follows it."""
    options = ["--net"]
    libc = ctypes.CDLL(None, use_errno=True)
    # A chroot refuses user namespaces, so that root does without.
    if libc.unshare(CLONE_NEWNET) != 0:
        user, group = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            raise Refused("no network namespace to be had: " +
                          os.strerror(ctypes.get_errno()))
        options += ["--user", "--preserve-credentials"]
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                           ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    try:
        subprocess.run(["ip", "-batch", "-"], input=LINKS, text=True,
                       check=True, stderr=subprocess.PIPE,
                       env={**os.environ, "PATH": PATH})
    except subprocess.CalledProcessError as failed:
        raise Refused("no network of its own: " +
                      failed.stderr.strip().replace("\n", "; ")) from failed
    return ["nsenter", f"--target={os.getpid()}", *options]
