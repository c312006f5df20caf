/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the multi handle of libcurl and the requests in it. Knows of HTTP what
 * curl does not tell by itself: deadlines, and which failure is which.
 *
 * - Callbacks of the caller run inside curl's, and may stop, free and start any
 *   request, which curl forbids there: what is stopped loses its owner at once
 *   and its handle behind the call; what is started waits until then. done is
 *   always called behind it.
 * - Every call that may write to a socket, or close one, is between enter() and
 *   leave(), where SIGPIPE is kept away (io/http_guard).
 * - curl's own clock-work has no part in a running transfer: deadlines are one
 *   timer of ours for each request, so a watch that is silent wakes nobody.
 * - After a fork the child closes descriptors and leaves everything else: TLS
 *   would say good-bye to the server in its parent's name (faults P7).
 */
#include "io/http.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/sync.h"
#include "base/wipe.h"
#include "io/http_flow.h"
#include "io/http_guard.h"
#include "io/http_policy.h"
#include "io/http_socket.h"

/* Calls that every version has, though newer ones advise others. */
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define OLDEST_CURL  0x074D00
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Connections that are kept when nobody uses them. */
#define IDLE_CONNECTIONS 8L

/* Lists of texts that curl borrows. */
enum {
    HEADERS,
    CONNECT_TO,
    RESOLVE,
    LISTS
};

struct svc__http {
    struct svc__http_kept kept;
    unsigned fork_generation;
    CURLM *multi;
    struct svc__timer timer; /* curl's */
    struct svc__http_sockets sockets;
    struct svc__list running;  /* entries, in the multi */
    struct svc__list starting; /* to be put into it */
    struct svc__list stopped;  /* to be freed */
    int inside;                /* a call of curl */
    struct svc__http_guard guard;
    uint64_t received;
};

/* A request on its way, as far as curl is concerned. */
struct entry {
    struct svc__http_flow flow; /* at the beginning: q->entry points to it */
    struct svc__http *h;
    CURL *easy;
    int is_added;
    struct curl_slist *lists[LISTS];
    char detail[CURL_ERROR_SIZE];
};

/* ---- calls of curl ------------------------------------------------------- */

static void enter(struct svc__http *h)
{
    svc__http_guard_enter(&h->guard);
    h->inside = 1;
}

static void leave(struct svc__http *h)
{
    h->inside = 0;
    svc__http_guard_leave(&h->guard);
}

/* Once in a process: before 7.84 curl's own way is not safe with threads. Never
 * undone: others in the process may use it. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

/* curl_easy_init() tries again where this fails. */
static void init_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct entry *entry_of(struct svc__http_flow *f)
{
    return svc__list_entry(f, struct entry, flow);
}

/* Takes what was made for a request; no call of it comes any more. */
static void drop(struct entry *e)
{
    struct svc__http *h = e->h;

    (void)svc__http_flow_end(&e->flow);
    svc__list_remove(&e->flow.link);
    enter(h);
    if (e->is_added)
        (void)curl_multi_remove_handle(h->multi, e->easy);
    curl_easy_cleanup(e->easy);
    leave(h);
    for (struct curl_slist *it = e->lists[HEADERS]; it != NULL; it = it->next)
        svc__wipe(it->data, strlen(it->data));
    for (size_t i = 0; i < LISTS; i++)
        curl_slist_free_all(e->lists[i]);
    svc__http_flow_fini(&e->flow);
    svc__free(e);
}

/* ---- failures ------------------------------------------------------------ */

struct problem {
    CURLcode code;
    enum svc__http_problem problem;
};

#define PROBLEM(code, problem) {CURLE_##code, SVC__HTTP_##problem},
static const struct problem problems[] = {SVC__HTTP_POLICY_PROBLEMS(PROBLEM)};

static enum svc__http_problem problem_of(const struct entry *e, CURLcode code)
{
    size_t i = 0;
    curl_off_t first_byte = 0;

    /* For curl a line of headers over its bound is out of memory. */
    if (code == CURLE_OUT_OF_MEMORY && !e->flow.head.is_whole &&
        curl_easy_getinfo(e->easy, CURLINFO_STARTTRANSFER_TIME_T,
                          &first_byte) == CURLE_OK &&
        first_byte > 0)
        return SVC__HTTP_HEADERS;
    while (i < COUNT(problems) && problems[i].code != code)
        i++;
    return i < COUNT(problems) ? problems[i].problem : SVC__HTTP_OTHER;
}

static int explain(const struct entry *e, CURLcode code, svc_error *ret)
{
    long error = 0;
    struct svc__http_facts facts = {
        .problem = problem_of(e, code),
        .has_ca = e->h->kept.ca.text != NULL,
        .detail = e->detail[0] != '\0' ? e->detail : curl_easy_strerror(code),
    };

    (void)curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &error);
    facts.error = (int)error;
    (void)curl_easy_getinfo(e->easy, CURLINFO_SSL_VERIFYRESULT, &facts.verify);
    return svc__http_flow_explain(&e->flow, &facts, ret);
}

/* Ends a request that nobody stopped. */
static void finish(struct entry *e, CURLcode code)
{
    struct svc__http_request *q = svc__http_flow_end(&e->flow);
    svc_error error = {0};
    int err = 0;

    /* For curl headers that are cut are headers. */
    if (code == CURLE_OK && !e->flow.head.is_whole)
        code = CURLE_PARTIAL_FILE;
    if (code != CURLE_OK || e->flow.problem != SVC__HTTP_NONE)
        err = explain(e, code, &error);
    drop(e);
    q->done(q, err, err != 0 ? &error : NULL);
}

static void is_late(struct svc__http_flow *f)
{
    finish(entry_of(f), CURLE_OPERATION_TIMEDOUT);
}

/* ---- what curl calls ----------------------------------------------------- */

static void settle(struct svc__http *h);

static void act(struct svc__http *h, curl_socket_t fd, int events)
{
    int running;

    enter(h);
    (void)curl_multi_socket_action(h->multi, fd, events, &running);
    leave(h);
    settle(h);
}

static void time_is_due(void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void look(void *arg, int fd, unsigned events)
{
    int action = events == 0 ? CURL_CSELECT_ERR : 0;

    if ((events & SVC__IO_READ) != 0)
        action |= CURL_CSELECT_IN;
    if ((events & SVC__IO_WRITE) != 0)
        action |= CURL_CSELECT_OUT;
    act(arg, fd, action);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct entry *e = arg;
    int fd = svc__http_socket_open(&e->h->sockets, address->family,
                                   address->socktype, &e->flow.problem_errno);

    (void)purpose;
    if (fd < 0)
        e->flow.problem = SVC__HTTP_SOCKET;
    return fd;
}

static int close_socket(void *arg, curl_socket_t fd)
{
    struct svc__http *h = arg;

    svc__http_socket_close(&h->sockets, fd);
    return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): curl's type */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                        void *socket_arg)
{
    struct svc__http *h = arg;
    struct entry *e = NULL;
    unsigned events = 0;

    (void)socket_arg;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= SVC__IO_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= SVC__IO_WRITE;
    if (svc__http_socket_watch(&h->sockets, fd, events) != 0 &&
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)(void *)&e) ==
            CURLE_OK) {
        e->flow.problem = SVC__HTTP_SOCKET;
        e->flow.problem_errno = ENOMEM;
    }
    return 0;
}

static int watch_time(CURLM *multi, long timeout_ms, void *arg)
{
    struct svc__http *h = arg;

    (void)multi;
    if (timeout_ms < 0)
        svc__loop_unset(h->kept.loop, &h->timer);
    else
        svc__loop_set(h->kept.loop, &h->timer,
                      svc__loop_now_ms(h->kept.loop) + timeout_ms);
    return 0;
}

/* ---- behind a call of curl ----------------------------------------------- */

static int put_in(struct entry *e)
{
    struct svc__http *h = e->h;

    svc__http_flow_move(&e->flow, &h->running);
    enter(h);
    e->is_added = curl_multi_add_handle(h->multi, e->easy) == CURLM_OK;
    leave(h);
    return e->is_added ? 0 : SVC_ENOMEM;
}

/* Does what had to wait until curl was left. */
static void settle(struct svc__http *h)
{
    CURLMsg *message;
    int left;

    do {
        struct svc__http_flow *f;
        struct entry *e = NULL;

        while ((f = svc__http_flow_first(&h->stopped)) != NULL)
            drop(entry_of(f));
        while ((f = svc__http_flow_first(&h->starting)) != NULL) {
            if (put_in(entry_of(f)) != 0)
                finish(entry_of(f), CURLE_OUT_OF_MEMORY);
        }
        message = curl_multi_info_read(h->multi, &left);
        if (message != NULL &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                              (char **)(void *)&e) == CURLE_OK)
            finish(e, message->data.result);
    } while (message != NULL);
}

/* ---- starting ------------------------------------------------------------ */

static void also(CURLcode *all, CURLcode one)
{
    if (*all == CURLE_OK)
        *all = one;
}

struct number {
    CURLoption option;
    long value;
};

#define NUMBER(option, value) {CURLOPT_##option, value},
static const struct number numbers[] = {SVC__HTTP_POLICY_NUMBERS(NUMBER)};
static const struct number insecure[] = {SVC__HTTP_POLICY_INSECURE(NUMBER)};

static CURLcode set_numbers(CURL *easy, const struct number *all, size_t count)
{
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < count && code == CURLE_OK; i++)
        code = curl_easy_setopt(easy, all[i].option, all[i].value);
    return code;
}

struct pointer {
    CURLoption option;
    const void *value;
};

static CURLcode set_pointers(CURL *easy, const struct pointer *pointers,
                             size_t count)
{
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < count && code == CURLE_OK; i++)
        code = curl_easy_setopt(easy, pointers[i].option, pointers[i].value);
    return code;
}

static CURLcode set_blob(CURL *easy, CURLoption option,
                         const struct svc__http_pem *pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem->text, pem->size,
                             CURL_BLOB_NOCOPY};

    return pem->text == NULL ? CURLE_OK : curl_easy_setopt(easy, option, &blob);
}

static CURLcode set_tls(CURL *easy, const struct svc__http_kept *k)
{
    /* The given CA alone, without the folder that a distribution built in. */
    static const struct pointer others[] = {{CURLOPT_CAINFO, NULL},
                                            {CURLOPT_CAPATH, NULL},
                                            {CURLOPT_PROXY_CAINFO, NULL},
                                            {CURLOPT_PROXY_CAPATH, NULL}};
    CURLcode code = set_blob(easy, CURLOPT_CAINFO_BLOB, &k->ca);

    also(&code, set_blob(easy, CURLOPT_PROXY_CAINFO_BLOB, &k->ca));
    also(&code, set_blob(easy, CURLOPT_SSLCERT_BLOB, &k->certificate));
    also(&code, set_blob(easy, CURLOPT_SSLKEY_BLOB, &k->key));
    if (k->ca.text != NULL)
        also(&code, set_pointers(easy, others, COUNT(others)));
    if (k->insecure)
        also(&code, set_numbers(easy, insecure, COUNT(insecure)));
    return code;
}

static CURLcode set_common(CURL *easy, struct svc__http *h)
{
    const struct svc__http_kept *k = &h->kept;
    const struct pointer pointers[] = {
        {CURLOPT_USERAGENT, k->user_agent},
        /* Set, also to nothing, so that the environment does not count. */
        {CURLOPT_PROXY, k->proxy != NULL ? k->proxy : ""},
        {CURLOPT_NOPROXY, ""},
        /* So that OpenSSL never asks for one at the terminal. */
        {CURLOPT_KEYPASSWD, ""},
        {CURLOPT_CLOSESOCKETDATA, h},
    };
    CURLcode code = set_numbers(easy, numbers, COUNT(numbers));

    also(&code, set_pointers(easy, pointers, COUNT(pointers)));
    also(&code, set_tls(easy, k));
    also(&code,
         curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
    also(&code,
         curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket));
    also(&code,
         curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, svc__http_flow_header));
    also(&code,
         curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, svc__http_flow_body));
    return code;
}

static CURLcode append(struct curl_slist **list, const char *const *texts)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        struct curl_slist *longer = curl_slist_append(*list, *texts);

        if (longer == NULL)
            return CURLE_OUT_OF_MEMORY;
        *list = longer;
    }
    return CURLE_OK;
}

static CURLcode set_request(struct entry *e, const struct svc__http_request *q)
{
    const struct svc__http_plan *plan = &e->flow.plan;
    const char *connect_to[] = {plan->connect_to, NULL};
    const char *resolve[] = {plan->resolve, NULL};
    CURLcode code = append(&e->lists[HEADERS], plan->headers);

    also(&code, append(&e->lists[HEADERS], q->headers));
    also(&code, append(&e->lists[CONNECT_TO], connect_to));
    also(&code, append(&e->lists[RESOLVE], resolve));
    if (q->body != NULL) {
        also(&code, curl_easy_setopt(e->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                     (curl_off_t)strlen(q->body)));
        also(&code, curl_easy_setopt(e->easy, CURLOPT_COPYPOSTFIELDS, q->body));
    }
    if (code == CURLE_OK) {
        const struct pointer pointers[] = {
            {CURLOPT_HTTPHEADER, e->lists[HEADERS]},
            {CURLOPT_RESOLVE, e->lists[RESOLVE]},
            {CURLOPT_CONNECT_TO, e->lists[CONNECT_TO]},
            {CURLOPT_URL, plan->url},
            {CURLOPT_PRIVATE, e},
            {CURLOPT_OPENSOCKETDATA, e},
            {CURLOPT_HEADERDATA, &e->flow},
            {CURLOPT_WRITEDATA, &e->flow},
            {CURLOPT_ERRORBUFFER, e->detail},
        };

        code = set_pointers(e->easy, pointers, COUNT(pointers));
    }
    return code;
}

int svc__http_start(struct svc__http *h, struct svc__http_request *q,
                    svc_error *reterr)
{
    struct entry *e = svc__calloc(1, sizeof(*e));
    int err;

    if (e == NULL)
        return svc__err_nomem(reterr);
    e->h = h;
    e->flow.late = is_late;
    e->flow.received = &h->received;
    err = svc__http_flow_begin(&e->flow, q, &h->kept, reterr);
    if (err != 0) {
        svc__free(e);
        return err;
    }
    svc__list_add(&h->starting, &e->flow.link);
    e->easy = curl_easy_init();
    if (e->easy == NULL || set_common(e->easy, h) != CURLE_OK ||
        set_request(e, q) != CURLE_OK || (!h->inside && put_in(e) != 0)) {
        svc__http_stop(h, q);
        return svc__err_nomem(reterr);
    }
    return 0;
}

void svc__http_stop(struct svc__http *h, struct svc__http_request *q)
{
    struct entry *e = q->entry;

    if (e == NULL)
        return;
    (void)svc__http_flow_end(&e->flow);
    if (h->inside)
        svc__http_flow_move(&e->flow, &h->stopped);
    else
        drop(e);
}

/* ---- the whole ----------------------------------------------------------- */

/* Whether the running libcurl can do what is needed. */
static int check_curl(struct svc__http *h, svc_error *reterr)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    CURL *easy = curl_easy_init();
    CURLcode code = easy == NULL ? CURLE_OUT_OF_MEMORY : set_common(easy, h);

    curl_easy_cleanup(easy);
    if (info->version_num < OLDEST_CURL)
        return svc__err_set(reterr, SVC_ENOTSUP,
                            "libcurl %s is too old: 7.77 is needed",
                            info->version);
    if (code == CURLE_OUT_OF_MEMORY)
        return svc__err_nomem(reterr);
    if (code != CURLE_OK)
        return svc__err_set(reterr, SVC_ENOTSUP,
                            "libcurl %s cannot do what is needed: %s",
                            info->version, curl_easy_strerror(code));
    return 0;
}

/* curl wakes others by a pair of sockets, which before 8.9 every program that
 * the process starts would inherit. It is known by what curl sends over it. */
static void hide_pair(CURLM *multi, int first)
{
    uint32_t before = svc__http_socket_waiting(first);
    uint32_t woken;
    int ready;

    (void)curl_multi_wakeup(multi);
    woken = svc__http_socket_waiting(first) & ~before;
    (void)curl_multi_poll(multi, NULL, 0, 0, &ready);
    svc__http_socket_cloexec(first, woken & ~svc__http_socket_waiting(first));
}

static int open_multi(struct svc__http *h, svc_error *reterr)
{
    int first = svc__http_socket_lowest();

    h->multi = curl_multi_init();
    if (h->multi == NULL)
        return svc__err_nomem(reterr);
    if (first >= 0)
        hide_pair(h->multi, first);
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, watch_time);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    return 0;
}

int svc__http_new(const struct svc__http_settings *settings,
                  struct svc__http **ret, svc_error *reterr)
{
    struct svc__http *h = svc__calloc(1, sizeof(*h));
    int err;

    if (h == NULL)
        return svc__err_nomem(reterr);
    (void)pthread_once(&curl_once, init_curl);
    h->fork_generation = svc__fork_generation();
    svc__list_init(&h->running);
    svc__list_init(&h->starting);
    svc__list_init(&h->stopped);
    svc__timer_init(&h->timer, time_is_due, h);
    svc__http_socket_init(&h->sockets, settings->loop, look, h);
    err = svc__http_kept_init(&h->kept, settings, reterr);
    if (err == 0)
        err = check_curl(h, reterr);
    if (err == 0)
        err = open_multi(h, reterr);
    if (err != 0) {
        svc__http_free(h);
        return err;
    }
    *ret = h;
    return 0;
}

void svc__http_free(struct svc__http *h)
{
    struct svc__http_flow *f;

    if (h == NULL)
        return;
    if (h->fork_generation != svc__fork_generation()) {
        svc__http_socket_abandon(&h->sockets);
        return;
    }
    while ((f = svc__http_flow_first(&h->running)) != NULL)
        drop(entry_of(f));
    enter(h);
    (void)curl_multi_cleanup(h->multi);
    leave(h);
    svc__loop_unset(h->kept.loop, &h->timer);
    svc__http_socket_fini(&h->sockets);
    svc__http_kept_fini(&h->kept);
    svc__free(h);
}

uint64_t svc__http_received(const struct svc__http *h)
{
    return h->received;
}

const char *svc__http_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}
