/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the environment of the process says, and whether that leads to an API
 * server. surroundings.c is the only caller of getenv. Any thread, as long as
 * no other changes the environment.
 */
#ifndef SVC_BACKEND_SURROUNDINGS_H
#define SVC_BACKEND_SURROUNDINGS_H

struct svc__backend_apiserver;

/* Read once when a resolver is made: owned strings, NULL where not set or
 * empty. In secure-execution mode (AT_SECURE) all are NULL: whoever started the
 * program must not choose what is run and who is trusted. */
struct svc__backend_surroundings {
    char *kubernetes_service_host;
    char *kubernetes_service_port;
    char *kubeconfig;
    char *home;
    char *path;
    char *https_proxy; /* in capitals, else in small letters, as Go has it */
    char *http_proxy;  /* of a CGI program only in small letters: the capitals
                          may be a header of its client */
    char *no_proxy;
    char **environ;          /* "NAME=value", NULL-terminated: for credential
                                plugins */
    const char *credentials; /* folder of the service account's files; NULL: it
                                has no token */
    int is_secure;           /* AT_SECURE: no plugin is run */
};

/* 0 or SVC_ENOMEM. *ret is to be given to fini also after a failure. */
int svc__backend_surroundings_read(struct svc__backend_surroundings *ret);
void svc__backend_surroundings_fini(struct svc__backend_surroundings *s);

/* The same with another folder of the service account (borrowed), and as if in
 * that mode or not. */
int svc__backend_surroundings_read_from(const char *credentials, int is_secure,
                                        struct svc__backend_surroundings *ret);

/* The value of a variable, borrowed until the environment is changed, or NULL
 * when it is not set or empty. */
const char *svc__backend_variable(const char *name);

/* Whether the configuration for an API server is that of a pod: it has a token,
 * and no option says another one. */
int svc__backend_is_in_pod(const struct svc__backend_apiserver *a);

/* Whether there are credentials for an API server: a kubeconfig was given; or
 * this runs in a pod that has a token; or a file is where kubectl would look
 * (KUBECONFIG, else ~/.kube/config). Looks at files, reads none. Out of memory:
 * 0. */
int svc__backend_has_credentials(const struct svc__backend_apiserver *a);

#endif
