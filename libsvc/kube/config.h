/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubeconfig text to the settings of one context, and what a credential plugin
 * is told and says (client.authentication.k8s.io). Reads no file: what names
 * one is handed on. Pure.
 */
#ifndef SVC_KUBE_CONFIG_H
#define SVC_KUBE_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Bounds of a kubeconfig, and of what a plugin prints (faults A32). */
#define SVC__CONFIG_FILE_MAX  ((size_t)4 * 1024 * 1024)
#define SVC__CONFIG_FILES_MAX 32
#define SVC__CONFIG_EXEC_MAX  ((size_t)1024 * 1024)

/* Bytes that came base64-encoded, or were read from a file. */
struct svc__config_data {
    char *bytes; /* NULL: none; a NUL follows that size does not count */
    size_t size;
};

/* Wipes and frees them; then there are none. */
void svc__config_data_fini(struct svc__config_data *d);

/* Wipes and frees a NULL-terminated list; NULL is allowed. */
void svc__config_list_free(char **list);

struct svc__config_variable {
    char *name;
    char *value;
};

/* users[].user.exec */
struct svc__config_exec {
    char *api_version; /* client.authentication.k8s.io/v1 or …/v1beta1 */
    char *command;     /* absolute, or made so against its file's folder where
                          it has a slash; else to be found in PATH */
    char **args;       /* NULL-terminated */
    struct svc__config_variable *env;
    size_t env_count;
    int provide_cluster_info;
    char *install_hint;   /* or NULL */
    char *cluster_config; /* with provide_cluster_info: the cluster's extension
                             client.authentication.k8s.io/exec, as JSON text */
};

/* One context, resolved. NULL: not given. Paths are absolute, or relative to
 * the working directory where their kubeconfig was. */
struct svc__config {
    char *context; /* its name; "" when there is none */
    char *cluster;
    char *user;
    char *namespace_;
    char *server; /* "https://host:6443/base", no final slash */
    struct svc__config_data ca;
    char *ca_file;
    char *tls_server_name;
    char *proxy_url;
    int insecure; /* insecure-skip-tls-verify */
    struct svc__config_data certificate;
    char *certificate_file;
    struct svc__config_data key;
    char *key_file;
    char *token;
    char *token_file; /* goes before token, which counts while it cannot be
                         read, as in client-go */
    char *as;         /* impersonation: Impersonate-User, -Uid, -Group */
    char *as_uid;
    char **as_groups;              /* NULL-terminated, or NULL */
    struct svc__config_exec *exec; /* or NULL; never beside a token, a
                                      token_file or a certificate */
};

/* A file as it was read. */
struct svc__config_file {
    const char *path;
    const char *text;
    size_t size;
};

/* Merges files as kubectl does (the first that has a name, or sets
 * current-context, wins) and picks a context: the given one, or NULL for
 * current-context. *ret is owned. 0; SVC_EFILE naming file, place and what to
 * do (malformed; no such context, cluster or user; a certificate without its
 * key; no server; data that is no base64); SVC_ENOTSUP for what is not
 * supported and must not be passed over (username and password, auth-provider,
 * as-user-extra; a plugin that wants a terminal or speaks an old version;
 * credentials for a server with http://); SVC_ENOMEM. No text of a secret is
 * ever in an error. What goes into a header is checked here: token, as, as_uid
 * and as_groups end no line. */
int svc__config_read(const struct svc__config_file *files, size_t count,
                     const char *context, struct svc__config **ret,
                     svc_error *reterr);
/* Wipes what is secret. */
void svc__config_free(struct svc__config *c);

/* An ExecCredential as a plugin prints it. */
struct svc__config_credential {
    char *token; /* or NULL */
    struct svc__config_data certificate;
    struct svc__config_data key;
    int64_t expires_s; /* seconds of the epoch; INT64_MAX: not said */
};

/* *ret is to be given to fini. 0; SVC_EAUTH when it is no credential of that
 * version, with the reason and no text of it; SVC_ENOMEM. */
int svc__config_credential_read(const char *text, size_t size,
                                const char *api_version,
                                struct svc__config_credential *ret,
                                svc_error *reterr);
void svc__config_credential_fini(struct svc__config_credential *c);

/* The text of KUBERNETES_EXEC_INFO for c->exec, owned: spec.interactive is
 * false, and with provide_cluster_info the cluster, whose CA is in it when it
 * is in c->ca: a caller that reads ca_file puts it there first, as client-go
 * does. NULL: out of memory. */
char *svc__config_exec_info(const struct svc__config *c);

/* Whether a token may be sent in a header: visible ASCII, not empty (faults
 * A5). White space at its ends is to be cut before. */
int svc__config_is_token(const char *text, size_t size);

/* Without the white space at both ends: returns where it starts, and changes
 * *size. */
const char *svc__config_trim(const char *text, size_t *size);

/* A server URL in parts; pointers into the text. */
struct svc__config_url {
    int tls;
    const char *host; /* without brackets */
    size_t host_size;
    uint16_t port;    /* 443 or 80 where not written */
    const char *path; /* from the first slash behind the port, or "" */
};

/* 0, or SVC_EINVAL: not http or https, user and password in it, a port that
 * cannot be, a fragment or query. */
int svc__config_url_read(const char *url, struct svc__config_url *ret,
                         svc_error *reterr);

/* What the environment says of proxies: HTTPS_PROXY, HTTP_PROXY and NO_PROXY,
 * or the same in lower case; NULL where not set. */
struct svc__config_proxies {
    const char *https;
    const char *http;
    const char *none;
};

/* The proxy for a server, as net/http of Go decides for kubectl (no proxy for
 * loopback; NO_PROXY has names, .suffixes, addresses, CIDR blocks, "*", with
 * ports): borrowed from c or p, or NULL. */
const char *svc__config_proxy(const struct svc__config *c,
                              const struct svc__config_proxies *p);

#endif
