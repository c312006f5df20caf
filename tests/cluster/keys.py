# SPDX-License-Identifier: Apache-2.0
"""Keys, tokens and kubeconfigs of one cluster, new for each: an authority, the
API server's certificate, the key that signs ServiceAccount tokens; "admin" by
client certificate, everybody else by token."""
import base64
import json
import os
import secrets
import subprocess

SERVER = "https://127.0.0.1:6443"
NAMES = ",".join(["DNS:localhost", "IP:127.0.0.1", "IP:10.96.0.1",
                  "IP:172.18.0.2", "DNS:kubernetes", "DNS:kubernetes.default",
                  "DNS:kubernetes.default.svc",
                  "DNS:kubernetes.default.svc.cluster.local"])
EC = ["-pkeyopt", "ec_paramgen_curve:P-256"]

# By static token: user and groups. The last two are for tests: "services" may
# what the Role of docs/rbac.yaml grants and nothing more, "norights" nothing.
USERS = {
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "kwok": ("kwok", "system:masters"),
    "coredns": ("coredns", ""),
    "services": ("services", ""),
    "norights": ("norights", ""),
}

KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- name: test
  cluster:
    server: {server}
    certificate-authority: {authority}
users:
- name: {name}
  user:
{credentials}
contexts:
- name: {name}
  context:
    cluster: test
    user: {name}
    namespace: dev
current-context: {name}
"""


def write_private(path, text):
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w",
              encoding="ascii") as file:
        file.write(text)


def kubeconfig(folder, name, **credentials):
    """FOLDER/NAME.kubeconfig, with what stands below "user" in it."""
    lines = [f"    {field.replace('_', '-')}: {value}"
             for field, value in credentials.items()]
    write_private(f"{folder}/{name}.kubeconfig", KUBECONFIG.format(
        server=SERVER, authority=f"{folder}/keys/ca.crt", name=name,
        credentials="\n".join(lines)))


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def certificate(folder, name, subject, *extensions, signed=True):
    by = ["-CA", f"{folder}/ca.crt", "-CAkey", f"{folder}/ca.key"]
    openssl("req", "-x509", "-newkey", "ec", *EC, "-nodes", "-days", "30",
            "-subj", subject, "-keyout", f"{folder}/{name}.key", "-out",
            f"{folder}/{name}.crt", *(by if signed else []),
            *(word for e in extensions for word in ("-addext", e)))


def signed_anew(folder, token, **claims):
    """A ServiceAccount's token with other claims, which the API server takes
    for its own. ES256: openssl writes r and s in DER, a token has them bare."""
    header, payload, _ = token.split(".")
    told = {**json.loads(base64.urlsafe_b64decode(payload + "==")), **claims}
    text = f"{header}.{base64_url(json.dumps(told).encode())}"
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign",
                          f"{folder}/keys/accounts.key"], input=text.encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    r, s = der[4:4 + der[3]], der[6 + der[3]:]
    return f"{text}." + base64_url(b"".join(
        int.from_bytes(number, "big").to_bytes(32, "big")
        for number in (r, s)))


def base64_url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def make(folder):
    """FOLDER/keys/ and the kubeconfigs FOLDER/USER.kubeconfig."""
    keys = f"{folder}/keys"
    os.mkdir(keys, 0o700)
    certificate(keys, "ca", "/CN=cluster of tests",
                "keyUsage=critical,keyCertSign,cRLSign", signed=False)
    certificate(keys, "server", "/CN=kube-apiserver",
                "basicConstraints=critical,CA:false",
                "extendedKeyUsage=serverAuth", "subjectAltName=" + NAMES)
    certificate(keys, "admin", "/O=system:masters/CN=admin",
                "basicConstraints=critical,CA:false",
                "extendedKeyUsage=clientAuth")
    # In the older of two formats, or the API server finds no key in it.
    openssl("ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out",
            f"{keys}/accounts.key")
    kubeconfig(folder, "admin", client_certificate=f"{keys}/admin.crt",
               client_key=f"{keys}/admin.key")
    rows = []
    for name, (user, groups) in USERS.items():
        token = secrets.token_hex(16)
        rows.append(f'{token},{user},{name},"{groups}"\n')
        kubeconfig(folder, name, token=token)
    write_private(f"{keys}/tokens.csv", "".join(rows))
