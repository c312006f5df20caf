/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a proxy's URL and a host's name may be, for the kube/config files only;
 * what a server's URL may be is svc__config_url_read. Pure.
 */
#ifndef SVC_KUBE_CONFIG_URL_H
#define SVC_KUBE_CONFIG_URL_H

/* Bytes of a URL (faults 3.6). */
#define SVC__CONFIG_URL_MAX 2048

/* NULL when url may be a proxy-url (http, https or socks5, as kubectl takes
 * them, and nothing that could end a line of a request); else why not, in
 * static words. */
const char *svc__config_url_check_proxy(const char *url);

/* Whether text is the name of a host, or an address without brackets. */
int svc__config_url_is_host(const char *text);

#endif
