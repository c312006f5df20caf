/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sentences. A library that failed speaks in texts of its own, which
 * are known by a few words in them where it has no code: each of them was seen
 * with OpenSSL 3 or curl, and one that is not known is quoted.
 */
#include "io/http_words.h"

#include "base/err.h"
#include "io/http_date.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT_SIZE 400

/* Verification results of X509_verify_cert(3), which keep their numbers. */
enum {
    UNSPECIFIED = 1,
    NO_ISSUER = 2,
    NOT_YET_VALID = 9,
    EXPIRED = 10,
    SELF_SIGNED = 18,
    SELF_SIGNED_CA = 19,
    NO_ISSUER_HERE = 20,
    UNVERIFIED = 21,
    WRONG_HOST = 62,
    WRONG_ADDRESS = 64,
    WEAK_KEY = 66,
    WEAK_CA_KEY = 67,
    WEAK_DIGEST = 68
};

/* "host:443 (10.96.0.1) through proxy 10.0.0.9:3128" */
static void write_subject(const struct svc__http_facts *f,
                          char ret[SUBJECT_SIZE])
{
    (void)snprintf(ret, SUBJECT_SIZE, "%.280s%s%.60s%s%s%.50s", f->server,
                   f->address != NULL ? " (" : "",
                   f->address != NULL ? f->address : "",
                   f->address != NULL ? ")" : "",
                   f->proxy != NULL ? " through proxy " : "",
                   f->proxy != NULL ? f->proxy : "");
}

/* ---- TLS ----------------------------------------------------------------- */

static int say_time(const struct svc__http_facts *f, const char *subject,
                    svc_error *reterr)
{
    char now[SVC__HTTP_DATE_SIZE];

    svc__http_date_write(f->now_s, now);
    svc__err_set(reterr, SVC_EAUTH,
                 "%s: TLS: the server's certificate %s: here it is %s", subject,
                 f->verify == EXPIRED ? "has expired" : "is not yet valid",
                 now);
    svc__err_hint(reterr,
                  "look at this machine's clock, then at the "
                  "certificate (openssl s_client -connect %.200s)",
                  f->server);
    return SVC_EAUTH;
}

static int say_issuer(const struct svc__http_facts *f, const char *subject,
                      svc_error *reterr)
{
    svc__err_set(reterr, SVC_EAUTH,
                 "%s: TLS: the server's certificate is signed by none of the "
                 "CAs that %s",
                 subject, f->has_ca ? "were given" : "this system trusts");
    svc__err_hint(reterr, "give the CA of this cluster "
                          "(certificate-authority in a kubeconfig), or see "
                          "whether this is the right server");
    return SVC_EAUTH;
}

static int say_name(const struct svc__http_facts *f, const char *subject,
                    svc_error *reterr)
{
    svc__err_set(reterr, SVC_EAUTH,
                 "%s: TLS: the server's certificate is not for \"%.200s\"",
                 subject, f->tls_name);
    svc__err_hint(reterr, "use a name that the certificate has, or say it "
                          "with tls-server-name");
    return SVC_EAUTH;
}

static int say_peer(const struct svc__http_facts *f, const char *subject,
                    svc_error *reterr)
{
    switch (f->verify) {
    case NOT_YET_VALID:
    case EXPIRED:
        return say_time(f, subject, reterr);
    case NO_ISSUER:
    case SELF_SIGNED:
    case SELF_SIGNED_CA:
    case NO_ISSUER_HERE:
    case UNVERIFIED:
        return say_issuer(f, subject, reterr);
    case WRONG_HOST:
    case WRONG_ADDRESS:
        return say_name(f, subject, reterr);
    case WEAK_KEY:
    case WEAK_CA_KEY:
    case WEAK_DIGEST:
        return svc__err_set(reterr, SVC_EAUTH,
                            "%s: TLS: the server's certificate is too weak: "
                            "%.150s",
                            subject, f->detail);
    default:
        /* curl compares the name itself, and has no number for it. */
        if (f->verify <= UNSPECIFIED && strstr(f->detail, "name") != NULL)
            return say_name(f, subject, reterr);
        return svc__err_set(reterr, SVC_EAUTH, "%s: TLS: %.200s", subject,
                            f->detail);
    }
}

/* What a handshake that failed is known by. The first that is found counts. */
static const struct {
    const char *mark;
    int code;
    const char *words;
} handshakes[] = {
    {"wrong version number", SVC_EAUTH,
     "the server answers, but not in TLS: is this a port for plain HTTP?"},
    {"http request", SVC_EAUTH,
     "the server answers, but not in TLS: is this a port for plain HTTP?"},
    {"packet length too long", SVC_EAUTH, "the server answers, but not in TLS"},
    {"unsupported protocol", SVC_EAUTH,
     "the server has no version from TLS 1.2 on"},
    {"alert protocol version", SVC_EAUTH,
     "the server has no version from TLS 1.2 on"},
    {"alert certificate required", SVC_EAUTH,
     "the server wants a client certificate"},
    {"alert bad certificate", SVC_EAUTH,
     "the server refused the client certificate, or wants one"},
    {"alert unknown ca", SVC_EAUTH,
     "the server does not know the CA of the client certificate"},
    {"alert certificate", SVC_EAUTH,
     "the server refused the client certificate"},
    {"alert handshake failure", SVC_EAUTH,
     "the server found no way of encryption that both have, or wants a "
     "client certificate"},
    {"alert access denied", SVC_EAUTH, "the server refused access"},
    {"SSL_ERROR_SYSCALL", SVC_EUNREACH, "connection cut in the handshake"},
    {"reset by peer", SVC_EUNREACH, "connection reset in the handshake"},
    {"Broken pipe", SVC_EUNREACH, "connection cut in the handshake"},
    {"unexpected eof", SVC_EUNREACH, "connection cut in the handshake"},
};

/* Whether one of them fits. */
static int say_handshake(const struct svc__http_facts *f, const char *subject,
                         svc_error *reterr)
{
    for (size_t i = 0; i < sizeof(handshakes) / sizeof(handshakes[0]); i++) {
        if (strstr(f->detail, handshakes[i].mark) != NULL)
            return svc__err_set(reterr, handshakes[i].code, "%s: TLS: %s",
                                subject, handshakes[i].words);
    }
    return 0;
}

static int say_tls(const struct svc__http_facts *f, const char *subject,
                   svc_error *reterr)
{
    int code = say_handshake(f, subject, reterr);

    if (code != 0)
        return code;
    return svc__err_set(reterr, SVC_EAUTH, "%s: TLS: %.200s", subject,
                        f->detail[0] != '\0' ? f->detail
                                             : "the handshake failed");
}

static int say_certificate(const struct svc__http_facts *f, const char *subject,
                           svc_error *reterr)
{
    svc__err_set(reterr, SVC_EAUTH, "%s: TLS: the %s cannot be used: %.200s",
                 subject,
                 f->problem == SVC__HTTP_TLS_CA ? "given CA"
                                                : "client certificate or key",
                 f->detail[0] != '\0' ? f->detail : "it is broken");
    svc__err_hint(reterr, "see whether it is whole PEM, and the key that of "
                          "the certificate");
    return SVC_EAUTH;
}

/* ---- the rest ------------------------------------------------------------ */

static int say_connect(const struct svc__http_facts *f, const char *subject,
                       svc_error *reterr)
{
    int code;

    if (f->error == 0)
        return svc__err_set(reterr, SVC_EUNREACH, "%s: cannot connect: %.200s",
                            subject, f->detail);
    code = svc__err_errno(reterr, f->error, subject);
    if (f->problem == SVC__HTTP_SOCKET)
        code = SVC_ENOMEM;
    if (reterr != NULL)
        reterr->code = code;
    if (f->error == EMFILE || f->error == ENFILE)
        svc__err_hint(reterr, "close descriptors, or raise the limit of open "
                              "files (ulimit -n)");
    return code;
}

/* The errors of a connection that was there have no code each. */
static int say_cut(const struct svc__http_facts *f, const char *subject,
                   svc_error *reterr)
{
    /* What curl did not find out of a connection that is gone. */
    const char *detail =
        strstr(f->detail, "getpeername") == NULL ? f->detail : "";
    int code;

    if (strstr(f->detail, "CONNECT") != NULL)
        return svc__err_set(reterr, SVC_EUNREACH, "%s: the proxy: %.200s",
                            subject, f->detail);
    if (strstr(f->detail, "hunk") != NULL || strstr(f->detail, "hex") != NULL)
        return svc__err_set(reterr, SVC_EPROTO,
                            "%s: the body is no chunked text: %.200s", subject,
                            f->detail);
    code = say_handshake(f, subject, reterr);
    if (code == SVC_EAUTH)
        return code;
    return svc__err_set(reterr, SVC_EUNREACH, "%s: connection cut%s%.200s",
                        subject, detail[0] != '\0' ? ": " : "", detail);
}

static int say_time_out(const struct svc__http_facts *f, const char *subject,
                        svc_error *reterr)
{
    static const char *const what[SVC__HTTP_PROBLEMS] = {
        [SVC__HTTP_CONNECT_TIME] = "no connection",
        [SVC__HTTP_SILENT] = "no answer",
        [SVC__HTTP_TOTAL] = "no whole response",
        [SVC__HTTP_SLOW] = "the response came too slowly",
    };

    return svc__err_set(reterr, SVC_EUNREACH, "%s: %s within %lld ms", subject,
                        what[f->problem], (long long)f->ms);
}

static const struct {
    int code;
    const char *words;
} plain[SVC__HTTP_PROBLEMS] = {
    [SVC__HTTP_MEMORY] = {SVC_ENOMEM, "out of memory"},
    [SVC__HTTP_NO_ADDRESS] = {SVC_EUNREACH, "no address is known for it"},
    [SVC__HTTP_PARTIAL] = {SVC_EUNREACH,
                           "connection cut before the end of the response"},
    [SVC__HTTP_NO_HTTP] = {SVC_EPROTO,
                           "what the server answers is no HTTP/1.1"},
    [SVC__HTTP_ENCODED] = {SVC_EPROTO, "the response is compressed, which was "
                                       "not asked for"},
    [SVC__HTTP_HEADERS] = {SVC_ETOOBIG,
                           "the headers of the response are over 64 KiB"},
};

int svc__http_words(const struct svc__http_facts *f, svc_error *reterr)
{
    char subject[SUBJECT_SIZE];

    write_subject(f, subject);
    switch (f->problem) {
    case SVC__HTTP_SOCKET:
    case SVC__HTTP_CONNECT:
        return say_connect(f, subject, reterr);
    case SVC__HTTP_TLS:
        return say_tls(f, subject, reterr);
    case SVC__HTTP_TLS_PEER:
        return say_peer(f, subject, reterr);
    case SVC__HTTP_TLS_CERTIFICATE:
    case SVC__HTTP_TLS_CA:
        return say_certificate(f, subject, reterr);
    case SVC__HTTP_CUT:
        return say_cut(f, subject, reterr);
    case SVC__HTTP_CONNECT_TIME:
    case SVC__HTTP_SILENT:
    case SVC__HTTP_TOTAL:
    case SVC__HTTP_SLOW:
        return say_time_out(f, subject, reterr);
    default:
        break;
    }
    if (plain[f->problem].words != NULL)
        return svc__err_set(reterr, plain[f->problem].code, "%s: %s", subject,
                            plain[f->problem].words);
    return svc__err_set(reterr, SVC_EUNREACH, "%s: %.200s", subject,
                        f->detail[0] != '\0' ? f->detail
                                             : "the request failed");
}
