/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is the same for every request, by the names that curl has for it, and
 * what each way of curl to fail is for us. Read by io/http.c alone.
 */
#ifndef SVC_IO_HTTP_POLICY_H
#define SVC_IO_HTTP_POLICY_H

/* CURLOPT_name, value. Nothing but HTTP/1.1, to where the caller said, with
 * what the caller gave (faults 3.4): no redirects, which have leaked
 * credentials more than once; no netrc; no answer without headers; no
 * unpacking; no header of ours to a proxy; no session that outlives a change of
 * CA. TLS from 1.2 on. */
#define SVC__HTTP_POLICY_NUMBERS(X)                                            \
    X(NOSIGNAL, 1)                                                             \
    X(NOPROGRESS, 1)                                                           \
    X(PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS)                             \
    X(REDIR_PROTOCOLS, 0)                                                      \
    X(FOLLOWLOCATION, 0)                                                       \
    X(DISALLOW_USERNAME_IN_URL, 1)                                             \
    X(NETRC, CURL_NETRC_IGNORED)                                               \
    X(HTTP_VERSION, CURL_HTTP_VERSION_1_1)                                     \
    X(HTTP09_ALLOWED, 0)                                                       \
    X(HTTP_CONTENT_DECODING, 0)                                                \
    X(HEADEROPT, CURLHEADER_SEPARATE)                                          \
    X(SUPPRESS_CONNECT_HEADERS, 1)                                             \
    X(PATH_AS_IS, 1)                                                           \
    X(SSLVERSION, CURL_SSLVERSION_TLSv1_2)                                     \
    X(PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2)                               \
    X(SSL_SESSIONID_CACHE, 0)                                                  \
    X(CONNECTTIMEOUT_MS, SVC__HTTP_CONNECT_MS)                                 \
    X(BUFFERSIZE, SVC__HTTP_POLICY_BUFFER)

/* TLS gives 16 KiB at a time, plain HTTP as much as there is. */
#define SVC__HTTP_POLICY_BUFFER 65536

/* Where the caller wants no check of certificates. */
#define SVC__HTTP_POLICY_INSECURE(X)                                           \
    X(SSL_VERIFYPEER, 0)                                                       \
    X(SSL_VERIFYHOST, 0)                                                       \
    X(PROXY_SSL_VERIFYPEER, 0)                                                 \
    X(PROXY_SSL_VERIFYHOST, 0)

/* CURLE_name, SVC__HTTP_name. */
#define SVC__HTTP_POLICY_PROBLEMS(X)                                           \
    X(OUT_OF_MEMORY, MEMORY)                                                   \
    X(COULDNT_CONNECT, CONNECT)                                                \
    X(OPERATION_TIMEDOUT, CONNECT_TIME)                                        \
    X(COULDNT_RESOLVE_HOST, NO_ADDRESS)                                        \
    X(COULDNT_RESOLVE_PROXY, NO_ADDRESS)                                       \
    X(PROXY, PROXY)                                                            \
    X(SSL_CONNECT_ERROR, TLS)                                                  \
    X(PEER_FAILED_VERIFICATION, TLS_PEER)                                      \
    X(SSL_CERTPROBLEM, TLS_CERTIFICATE)                                        \
    X(SSL_CACERT_BADFILE, TLS_CA)                                              \
    X(SEND_ERROR, CUT)                                                         \
    X(RECV_ERROR, CUT)                                                         \
    X(GOT_NOTHING, CUT)                                                        \
    X(PARTIAL_FILE, PARTIAL)                                                   \
    X(UNSUPPORTED_PROTOCOL, NO_HTTP)                                           \
    X(WEIRD_SERVER_REPLY, NO_HTTP)                                             \
    X(BAD_CONTENT_ENCODING, ENCODED)

#endif
