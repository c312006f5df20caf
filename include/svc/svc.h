/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVC_SVC_H
#define SVC_SVC_H

/**
 * @file svc.h
 * libsvc: from a Kubernetes Service name to the endpoints behind it, and to
 * one of them per request. This is the only installed header.
 *
 * Four ways to use it
 * -------------------
 *
 * 1. Ask once. Make a resolver, ask it for the endpoints of a name, drop them:
 *
 *        svc_resolver_new(&options, &r, &error);
 *        svc_resolver_resolve(r, "web.shop:http", NULL, 5000, &eps, &error);
 *        for (i = 0; i < svc_endpoints_count(eps); i++) ...
 *        svc_endpoints_unref(eps);
 *        svc_resolver_free(r);
 *
 * 2. Open once, pick per request. An opened service follows its source by
 *    itself; a pick reads the newest set and never waits:
 *
 *        svc_service_new(r, "web.shop:http", NULL, &s, &error);
 *        svc_service_wait(s, 5000, &error);
 *        while (request()) {
 *            svc_service_pick(s, NULL, &pick);
 *            connect(fd, svc_pick_sockaddr(&pick), pick.sockaddr_size);
 *        }
 *        svc_service_free(s);
 *
 * 3. Follow the changes. A watch is pulled, never called back: wait until its
 *    descriptor is readable, then take the newest set:
 *
 *        svc_watch_new(s, &w);
 *        poll() on svc_watch_fd(w) for POLLIN;
 *        svc_watch_next(w, 0, &eps, &error);
 *        svc_watch_free(w);
 *
 * 4. Run it in your own event loop, with no thread made by the library. Set
 *    external_loop in the options, then:
 *
 *        poll() on svc_resolver_fd(r) for at most svc_resolver_timeout_ms(r);
 *        svc_resolver_dispatch(r, 0);
 *
 * Words with one meaning
 * ----------------------
 * Resolver: the context. Backend: a source of truth. Service: an opened name
 * and port. Endpoint: one address and port. Endpoints: an immutable set of
 * them with a generation. Policy: a balancing algorithm. Pick: one decision.
 * Watch: a pulled subscription.
 *
 * Ownership is said by one of: owned (you free it, with the function named),
 * shared (drop it with the unref function named), borrowed until Y, copied,
 * taken. Output parameters are untouched on failure, except a svc_error.
 *
 * Threads are said by one of: "Thread-safe.", "One thread at a time.",
 * "Thread that dispatches only." Whoever frees an object guarantees that
 * nobody else uses it.
 *
 * Times are int milliseconds on a clock that counts suspended time; as a
 * time-out -1 waits for ever and 0 never waits.
 *
 * After fork() every object made before answers SVC_ESTATE in the child; its
 * free function closes the child's descriptors (but for a file that was just
 * being read) and touches nothing else. Sets stay readable.
 */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(SWIG)
#define SVC_EXPORT __attribute__((visibility("default")))
#else
#define SVC_EXPORT
#endif

/* ---- version ----------------------------------------------------------- */

/** Version of this header as major, minor and patch. */
#define SVC_VERSION_MAJOR 0
#define SVC_VERSION_MINOR 1
#define SVC_VERSION_PATCH 0

/**
 * Version of the library that is running, as "MAJOR.MINOR.PATCH".
 * @return static text, never NULL. Thread-safe.
 */
SVC_EXPORT const char *svc_version(void);

/**
 * What the running library was built with, a line each: "backends: file, dns,
 * apiserver" and "policies: adaptive rr wrr fo"; then the versions of the
 * libraries behind the backends that run with it, such as "c-ares: 1.18.1".
 * @return owned, free with svc_text_free; NULL when out of memory.
 *         Thread-safe.
 */
SVC_EXPORT char *svc_version_details(void);

/* ---- errors ------------------------------------------------------------ */

/**
 * Error codes. Functions that can fail return 0 or one of these. Values are
 * never reused. Mistakes of the caller are above -20, answers (the source
 * knows, and the answer is no) from -20, trouble with the source from -40.
 */
enum svc_err {
    SVC_OK = 0,             /**< success */
    SVC_EINVAL = -1,        /**< an argument or option has a wrong value */
    SVC_ENAME = -2,         /**< the text is not a name that can be read */
    SVC_ENOTSUP = -3,       /**< this build, source or type cannot do that */
    SVC_EFILE = -4,         /**< a manifest or kubeconfig that cannot be read */
    SVC_ENOMEM = -5,        /**< out of memory, descriptors or threads */
    SVC_ESTATE = -6,        /**< wrong moment, or an object from before fork */
    SVC_ECLOSED = -7,       /**< the resolver of this service was freed */
    SVC_EAGAIN = -8,        /**< nothing yet, or nothing new: ask again */
    SVC_ENOSERVICE = -20,   /**< no such Service, or no such hostname in it */
    SVC_ENOPORT = -21,      /**< the Service has no such port */
    SVC_ENOENDPOINTS = -22, /**< the Service is there, no endpoint is usable */
    SVC_EPENDING = -23,     /**< the load balancer has no address yet */
    SVC_EALIAS = -24,       /**< an alias that loops or leads nowhere */
    SVC_EUNREACH = -40,     /**< the source, or every endpoint that was
                                 tried, cannot be reached */
    SVC_ETIMEDOUT = -41,    /**< no answer in time */
    SVC_EPROTO = -42,       /**< the source answered nonsense */
    SVC_ETOOBIG = -43,      /**< an answer over a bound of this library */
    SVC_EAUTH = -44         /**< not let in: credentials, rights, TLS */
};

/** Bytes of svc_error::message and svc_error::hint, their NUL included. */
#define SVC_ERROR_MESSAGE_SIZE 508
#define SVC_ERROR_HINT_SIZE    512

/**
 * An error with its story, 1,024 bytes, owned by the caller, never allocated.
 * A function given one fills it when it fails and leaves it alone when not.
 * The message names the Service, the namespace and the source; the hint, which
 * may be empty, says what to do. Both are UTF-8, cut at a character.
 */
typedef struct svc_error {
    int code;                             /**< enum svc_err */
    char message[SVC_ERROR_MESSAGE_SIZE]; /**< what happened */
    char hint[SVC_ERROR_HINT_SIZE];       /**< what to do about it */
} svc_error;

/**
 * Name of a code, such as "SVC_ENOPORT".
 * @return static text; "SVC_EUNKNOWN" for a number that is no code, never
 *         NULL. Thread-safe.
 */
SVC_EXPORT const char *svc_err_name(int code);

/**
 * A code in words, such as "no such port".
 * @return static text, never NULL. Thread-safe.
 */
SVC_EXPORT const char *svc_err_text(int code);

/**
 * Whether the same call may succeed later with nothing changed by the caller.
 * @return 1 if so, else 0. Thread-safe.
 */
SVC_EXPORT int svc_err_is_transient(int code);

/* ---- memory ------------------------------------------------------------ */

/** Three functions with the meaning of malloc, realloc and free. */
typedef struct svc_allocator {
    void *(*malloc_fn)(size_t size);             /**< as malloc */
    void *(*realloc_fn)(void *ptr, size_t size); /**< as realloc */
    void (*free_fn)(void *ptr);                  /**< as free */
} svc_allocator;

/**
 * Use these functions for all memory of the library; json-c, libyaml,
 * c-ares and libcurl keep using malloc. The functions are called on any thread.
 * To be called once, before anything else of the library.
 * @param allocator copied; every member must be set
 * @return 0, SVC_EINVAL for a missing member, SVC_ESTATE when it is too late.
 *         One thread at a time.
 */
SVC_EXPORT int svc_allocator_set(const svc_allocator *allocator);

/* ---- options ----------------------------------------------------------- */

/** A resolver: the context of everything else. Opaque. */
typedef struct svc_resolver svc_resolver;
/** A service: an opened name and port. Opaque. */
typedef struct svc_service svc_service;
/** A watch: a pulled subscription to a service. Opaque. */
typedef struct svc_watch svc_watch;
/** An immutable set of endpoints with a generation. Opaque. */
typedef struct svc_endpoints svc_endpoints;
/** One endpoint of a set: an address and a port, with attributes. Opaque. */
typedef struct svc_endpoint svc_endpoint;

/** Levels of log messages, the most urgent first. */
enum svc_log_level {
    SVC_LOG_WARNING = 1, /**< something that the operator should mend */
    SVC_LOG_INFO = 2,    /**< a change of state */
    SVC_LOG_DEBUG = 3    /**< every step */
};

/**
 * Receives log messages. Called on the thread that dispatches, and by
 * svc_resolver_new on its own, with no lock held; must not call into the
 * library. The text, UTF-8, is borrowed until return.
 */
typedef void (*svc_log_fn)(void *arg, int level, const char *text);

/**
 * Options of a resolver. Start from SVC_RESOLVER_OPTIONS_INIT; zero means the
 * default everywhere. Strings and lists are copied. Lists end with NULL.
 */
typedef struct svc_resolver_options {
    size_t size;              /**< sizeof(svc_resolver_options) */
    const char *backend;      /**< a backend's name, "file", "dns" or
                                   "apiserver", or "auto" (default): file with
                                   manifests; else dns with dns_servers; else,
                                   where there are credentials for an API
                                   server, apiserver with dns until it
                                   answers; else dns */
    const char *const *files; /**< manifests: files, or folders of *.yaml,
                               *.yml, *.json; imply the file backend */
    const char *manifest;     /**< a manifest in memory, instead of files */
    size_t manifest_size;     /**< its bytes */
    const char *namespace_;   /**< the caller's namespace; default: the service
                                   account's, the search list's, where the API
                                   server is asked the context's, "default" */
    const char *cluster_domain; /**< cluster zone; default: from the search
                                     list, else "cluster.local" */
    const char *node;           /**< the caller's node; default NODE_NAME of the
                                     environment, else unknown */
    const char *zone;           /**< the caller's topology zone; default
                                     NODE_ZONE, else that of its node where the
                                     source has or may read it, else unknown */
    const char *const *allow; /**< classes of addresses let through the filter:
                                   "loopback", "link-local", "metadata" */
    const char *externalname; /**< what an ExternalName may lead to: "allow"
                                   (default), "same-namespace", "refuse" */
    int external_loop;        /**< 1: make no thread; the caller dispatches */
    int log_level;            /**< enum svc_log_level; default warning */
    svc_log_fn log;           /**< receives log messages; default: nobody */
    void *log_arg;            /**< handed to log */
    const char *const *dns_servers; /**< "ADDR[:PORT]", IPv6 in brackets;
                                         default those of resolv.conf. Without
                                         manifests, kubeconfig and context they
                                         imply dns */
    const char *on_nxdomain;        /**< DNS says that the name is gone: "drop"
                                         (default) empties the set, "keep" keeps it,
                                         "30s" keeps it for so long (ms, s, m, h) */
    const char *on_nodata; /**< DNS says that the name has no addresses: as
                                on_nxdomain; default "drop" */
    const char *on_error;  /**< no DNS server answers: as on_nxdomain; default
                                "keep" */
    int max_stale_ms; /**< bound of the three above in milliseconds; default
                           none */
    int ttl_min_ms;   /**< a DNS answer lives at least so long; default 1000 */
    int ttl_max_ms;   /**< and at most so long; default 3600000 */
    int dns_tcp;      /**< 1: ask DNS by TCP only */
    const char *kubeconfig; /**< a kubeconfig file, or several separated by ':',
                                 merged as kubectl does; default: in a pod its
                                 service account, else KUBECONFIG, else
                                 ~/.kube/config. Implies apiserver */
    const char *context;    /**< context of the kubeconfig; default its
                                 current-context. Implies apiserver, and that a
                                 pod's service account does not count */
    const char *exec;       /**< whether a kubeconfig may run its credential
                                 plugin, a program that it names: "deny"
                                 (default), "allow" */
    const char *client_id;  /**< who this client is, where a service option
                                 asks for a subset; default the host's name,
                                 which in a Pod is the Pod's */
} svc_resolver_options;

/** Initial value of svc_resolver_options. */
#define SVC_RESOLVER_OPTIONS_INIT                                              \
    {                                                                          \
        sizeof(svc_resolver_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                              \
    }

/**
 * Options of a service; all may also stand in the name, as "?policy=random".
 * Start from SVC_SERVICE_OPTIONS_INIT; zero means the default.
 */
typedef struct svc_service_options {
    size_t size;        /**< sizeof(svc_service_options) */
    const char *view;   /**< which addresses: "auto", "pods", "vip" (cluster
                             IPs), "node" (node ports), "lb" */
    const char *family; /**< "any", "ipv4", "ipv6" */
    const char *proto;  /**< "tcp", "udp", "sctp"; default any, and tcp where
                             one port number has several */
    const char *policy; /**< balancing algorithm, see docs/policies.md; default
                             "adaptive" */
    int track; /**< 1: picks may be tracked, and endpoints that fail are ejected
                    for a while */
    int subset; /**< of all usable endpoints use so many, another choice for
                     each client_id; 0: all */
    int slow_start_ms;       /**< an endpoint that is new has its full weight
                                  only after so long, up to an hour; 0: at
                                  once */
    int hash_balance_factor; /**< policy "ring": an endpoint with more in flight
                                  than so many percent of the mean is passed
                                  over, from 100; 0: none is. Needs track */
} svc_service_options;

/** Initial value of svc_service_options. */
#define SVC_SERVICE_OPTIONS_INIT                                               \
    {                                                                          \
        sizeof(svc_service_options), 0, 0, 0, 0, 0, 0, 0, 0                    \
    }

/* ---- resolver ---------------------------------------------------------- */

/**
 * Make a resolver. Reads no manifest and asks nobody yet: a source is opened
 * with the first service that needs it. Of a kubeconfig only the namespace is
 * read here, and whether it can be read is told by the first service.
 * @param options  may be NULL; copied
 * @param ret      owned, free with svc_resolver_free
 * @param reterr   may be NULL
 * @return 0; SVC_EINVAL for a wrong option value, the message listing the
 *         valid ones; SVC_ENOTSUP for a backend that is not built, or for a
 *         longer options struct whose tail is not zero; SVC_ENOMEM.
 *         Thread-safe.
 */
SVC_EXPORT int svc_resolver_new(const svc_resolver_options *options,
                                svc_resolver **ret, svc_error *reterr);

/**
 * Free a resolver, within one second whatever its sources do. Services still
 * open answer SVC_ECLOSED from then on and are to be freed as usual.
 * @param r  taken; may be NULL. One thread at a time.
 */
SVC_EXPORT void svc_resolver_free(svc_resolver *r);

/**
 * Resolve a name: open, wait, take the set. What was opened is kept and
 * followed until some five seconds have passed without this call for it, in
 * which such a call finds the newest set there and does not wait. At most
 * 10,000 names are kept, those used last.
 * @param name       as described in docs/names.md
 * @param options    may be NULL
 * @param timeout_ms time-out in milliseconds
 * @param ret        shared, drop with svc_endpoints_unref; at least one of its
 *                   endpoints is usable
 * @param reterr     may be NULL
 * @return 0, or a code; answers (no such Service, no usable endpoint…) are
 *         errors here. Thread-safe; with external_loop: Thread that dispatches
 *         only.
 */
SVC_EXPORT int svc_resolver_resolve(svc_resolver *r, const char *name,
                                    const svc_service_options *options,
                                    int timeout_ms, svc_endpoints **ret,
                                    svc_error *reterr);

/**
 * Counters of a resolver since it was made, and gauges of what it holds.
 * Start from SVC_STATS_INIT.
 */
typedef struct svc_stats {
    size_t size;                  /**< sizeof(svc_stats) */
    uint64_t services_open;       /**< gauge: services open, with those that
                                       svc_resolver_resolve keeps */
    uint64_t watches_open;        /**< gauge: watches open */
    uint64_t sources_open;        /**< gauge: sources (backend and settings) */
    uint64_t resolves;            /**< calls of svc_resolver_resolve */
    uint64_t updates;             /**< views delivered by sources */
    uint64_t updates_unchanged;   /**< of them, equal to what was there */
    uint64_t publishes;           /**< generations published */
    uint64_t publishes_empty;     /**< of them, with no usable endpoint */
    uint64_t troubles;            /**< troubles reported by sources */
    uint64_t recoveries;          /**< troubles that ended */
    uint64_t dispatches;          /**< rounds of the loop */
    uint64_t files_read;          /**< files read whole */
    uint64_t files_refused;       /**< files unreadable or malformed */
    uint64_t bytes_read;          /**< bytes of manifests read */
    uint64_t objects_services;    /**< gauge: Services known */
    uint64_t objects_slices;      /**< gauge: EndpointSlices known */
    uint64_t objects_nodes;       /**< gauge: Nodes known */
    uint64_t objects_refused;     /**< objects refused as malformed */
    uint64_t objects_ignored;     /**< objects of kinds not used */
    uint64_t slices_fqdn;         /**< gauge: slices ignored, type FQDN */
    uint64_t addresses_refused;   /**< candidates stopped by the filter */
    uint64_t endpoints_duplicate; /**< candidates that another one replaced */
    uint64_t endpoints_published; /**< usable endpoints in all publishes */
    uint64_t dns_queries;         /**< DNS packets sent */
    uint64_t dns_queries_tcp;     /**< of them, by TCP */
    uint64_t dns_answers;         /**< DNS packets taken */
    uint64_t dns_unwanted;        /**< DNS packets thrown away: broken, forged
                                       or late */
    uint64_t dns_timeouts;        /**< DNS packets without an answer in time */
    uint64_t dns_failures;        /**< DNS questions without an answer */
    uint64_t cache_names;         /**< gauge: names that the DNS cache knows */
    uint64_t cache_negative;      /**< gauge: of them, negative answers */
    uint64_t cache_hits;          /**< wanted of the cache and fresh there */
    uint64_t cache_misses;        /**< wanted of the cache and asked of DNS */
    uint64_t cache_joined;        /**< wanted while it was being asked */
    uint64_t cache_stale;         /**< answered after its time was over */
    uint64_t cache_refreshes;     /**< asked again ahead of its end */
    uint64_t cache_confirmations; /**< asked again to confirm an empty answer */
    uint64_t cache_refuted;       /**< empty answers that were not confirmed */
    uint64_t cache_evicted;       /**< names that made room for others */
    uint64_t api_lists;           /**< lists asked of the API server */
    uint64_t api_watches;         /**< watches asked of it */
    uint64_t api_events;          /**< changes that it told */
    uint64_t api_bookmarks;       /**< positions that it told without one */
    uint64_t api_expired;         /**< positions that it had forgotten (410) */
    uint64_t api_failures;        /**< requests that failed */
    uint64_t api_bytes;           /**< bytes of its responses */
    uint64_t picks_late;          /**< tracked picks closed when their endpoint
                                       was gone, or when they had leaked */
    uint64_t picks_twice;         /**< tracked picks closed more than once,
                                       in the same struct */
    uint64_t picks_leaked;        /**< tracked picks that nobody closed for
                                       ten to twenty minutes */
    uint64_t retries;             /**< other endpoints given by svc_pick_next */
    uint64_t retries_refused;     /**< retries that were too many */
    uint64_t ejections;           /**< endpoints ejected */
    uint64_t endpoints_ejected;   /**< gauge: of them, now left out */
} svc_stats;

/** Initial value of svc_stats. */
#define SVC_STATS_INIT                                                         \
    {                                                                          \
        sizeof(svc_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                           \
    }

/**
 * Read the statistics.
 * @param ret  size must be set; copied into
 * @return 0, SVC_EINVAL, SVC_ESTATE. Thread-safe.
 */
SVC_EXPORT int svc_resolver_stats(const svc_resolver *r, svc_stats *ret);

/**
 * The statistics as text for monitoring, with a few numbers of each service
 * that svc_service_new opened: whether it has an answer, whether that is stale,
 * endpoints that are usable and others, seconds since its source confirmed it.
 * A name that is open several times is told once, as the one that has an answer
 * with the fewest usable endpoints. The 10,000 services that were opened first
 * are told, with names of 1 MiB together.
 * @param format    "json": an object {"schema","resolver","services",
 *                  "unlisted"}; the resolver's members are those of svc_stats,
 *                  services are objects {"name","answered","stale",
 *                  "endpoints","endpoints_unusable","age_ms"} in order of their
 *                  names, unlisted is how many were left out.
 *                  "prometheus": its text format 0.0.4, to be served as
 *                  text/plain; version=0.0.4. The text of one resolver is whole
 *                  and not to be joined with that of another
 * @param ret_text  owned, free with svc_text_free
 * @return 0, SVC_EINVAL, SVC_ENOMEM, SVC_ESTATE. Thread-safe.
 */
SVC_EXPORT int svc_resolver_stats_text(const svc_resolver *r,
                                       const char *format, char **ret_text,
                                       svc_error *reterr);

/**
 * Look whether all is well with the sources that the options choose: whether
 * they can be reached, whether this caller is let in and has the rights it
 * needs, whether the cluster domain is right, whether the clock is, and for a
 * name whether what they answer is the same.
 * @param name      as described in docs/names.md; NULL: none
 * @param ret_json  owned, free with svc_text_free; a JSON object
 *                  {"schema","name","findings"} whose last member is an array
 *                  of {"check","source","level","code","text","hint"}: level
 *                  is "ok", "skipped", "warn" or "fail", code the name of an
 *                  enum svc_err with "fail", else null; hint says what to do,
 *                  with "fail" always, and may else be null
 * @return 0 also when something is wrong, which its findings tell; or a code.
 *         Waits at most some ten seconds. Thread-safe; with external_loop:
 *         Thread that dispatches only.
 */
SVC_EXPORT int svc_resolver_check(svc_resolver *r, const char *name,
                                  char **ret_json, svc_error *reterr);

/**
 * The descriptor to poll for reading in a foreign loop.
 * @return borrowed until svc_resolver_free; SVC_ESTATE without external_loop.
 *         Thread-safe.
 */
SVC_EXPORT int svc_resolver_fd(const svc_resolver *r);

/**
 * How long a foreign loop may wait before it dispatches though the descriptor
 * is quiet.
 * @return milliseconds, -1 for ever; SVC_ESTATE without external_loop.
 *         Thread that dispatches only.
 */
SVC_EXPORT int svc_resolver_timeout_ms(const svc_resolver *r);

/**
 * Do what is due: one round of the loop.
 * @param timeout_ms  how long to wait for something to do; 0 in a foreign loop
 * @return 0, or a code; SVC_ESTATE without external_loop. Thread that
 *         dispatches only.
 */
SVC_EXPORT int svc_resolver_dispatch(svc_resolver *r, int timeout_ms);

/* ---- service ----------------------------------------------------------- */

/**
 * Open a name. Returns at once; the first answer comes later.
 * @param name    as described in docs/names.md
 * @param options may be NULL; an option in the name wins over these
 * @param ret     owned, free with svc_service_free
 * @param reterr  may be NULL
 * @return 0; SVC_ENAME, SVC_EINVAL, SVC_ENOTSUP, SVC_ENOMEM, SVC_ESTATE.
 *         Thread-safe.
 */
SVC_EXPORT int svc_service_new(svc_resolver *r, const char *name,
                               const svc_service_options *options,
                               svc_service **ret, svc_error *reterr);

/**
 * Close a service. Sets taken from it stay valid.
 * @param s  taken; may be NULL; its watches must have been freed. One thread
 *           at a time.
 */
SVC_EXPORT void svc_service_free(svc_service *s);

/**
 * Wait for the first definite answer.
 * @return 0 when an endpoint is usable; the code of the answer when it is
 *         definite and empty (its set is there all the same); the code of the
 *         trouble when the source has given no answer in time, SVC_ETIMEDOUT
 *         when it said nothing. Thread-safe; with external_loop: Thread that
 *         dispatches only.
 */
SVC_EXPORT int svc_service_wait(svc_service *s, int timeout_ms,
                                svc_error *reterr);

/**
 * The present trouble of the service's source, if any; the last good set is
 * kept meanwhile.
 * @param ret  filled when there is trouble; may be NULL
 * @return 0 with no trouble, SVC_EAGAIN before the first answer, else the
 *         code of the trouble. Thread-safe.
 */
SVC_EXPORT int svc_service_status(svc_service *s, svc_error *ret);

/**
 * Answer the name again, writing down every step of the decision.
 * @param ret_json  owned, free with svc_text_free; a JSON array of objects
 *                  {"step","text","ms"}, in order, step being one of "name",
 *                  "source", "service", "port", "slices", "filter", "policy"
 * @return 0 also when the answer is empty, which its steps tell; or a code.
 *         Waits at most five seconds. Thread-safe; with external_loop: Thread
 *         that dispatches only.
 */
SVC_EXPORT int svc_service_explain(svc_service *s, char **ret_json,
                                   svc_error *reterr);

/**
 * Free text that a function of this library gave as owned.
 * @param text  taken; may be NULL. Thread-safe.
 */
SVC_EXPORT void svc_text_free(char *text);

/**
 * The newest set.
 * @return shared, drop with svc_endpoints_unref; NULL before the first answer
 *         and after fork or close. Thread-safe.
 */
SVC_EXPORT svc_endpoints *svc_service_endpoints(svc_service *s);

/**
 * Give an endpoint another weight than its source does, as long as it is in
 * the set and for this service only. The set is published anew with it.
 * @param ep      of a set of this service
 * @param weight  share relative to the others, up to 65534: exactly so with
 *                policy "wrr"; with those that compare, as "adaptive" does, a
 *                light one gets less while few picks are in flight
 *                (docs/policies.md). 0: no new picks ("draining"); -1: what the
 *                source says
 * @return 0, SVC_EINVAL, SVC_ENOMEM, SVC_ECLOSED, SVC_ESTATE. Thread-safe.
 */
SVC_EXPORT int svc_service_weigh(svc_service *s, const svc_endpoint *ep,
                                 int weight);

/* ---- pick -------------------------------------------------------------- */

/** How what a pick was for has gone, for svc_pick_done and svc_pick_next. */
enum svc_outcome {
    SVC_OUTCOME_OK = 0,       /**< well */
    SVC_OUTCOME_CONNECT = 1,  /**< failed: there was no connection */
    SVC_OUTCOME_TIMEOUT = 2,  /**< failed: no answer in time */
    SVC_OUTCOME_ERROR = 3,    /**< failed: a broken connection or answer, such
                                   as HTTP 500 */
    SVC_OUTCOME_BUSY = 4,     /**< turned away, such as HTTP 429 and 503: costs
                                   as a failure, never ejects */
    SVC_OUTCOME_CANCELLED = 5 /**< given up by the caller: says nothing */
};

/** Options of one pick. Start from SVC_PICK_OPTIONS_INIT. */
typedef struct svc_pick_options {
    size_t size;     /**< sizeof(svc_pick_options) */
    const void *key; /**< bytes for the hashing policies, and for any policy
                          when the Service has sessionAffinity ClientIP; may be
                          NULL */
    size_t key_size; /**< its bytes */
    int track;       /**< 1: count it until svc_pick_done; the service must have
                          been opened with track */
} svc_pick_options;

/** Initial value of svc_pick_options. */
#define SVC_PICK_OPTIONS_INIT                                                  \
    {                                                                          \
        sizeof(svc_pick_options), 0, 0, 0                                      \
    }

/**
 * One decision: 128 bytes, frozen, owned by the caller, with a copy of the
 * address. It pins nothing, may be copied, and outlives its service. A tracked
 * one is to be closed once by svc_pick_done, or one of its copies is: they know
 * nothing of each other, and each that is closed ends a pick of the endpoint,
 * another one if its own has ended. Any other pick needs no closing.
 */
typedef struct svc_pick {
    struct sockaddr_in6 sockaddr; /**< an IPv4 or IPv6 socket address; read it
                                       through svc_pick_sockaddr */
    uint32_t sockaddr_size;       /**< its bytes, for connect() */
    uint64_t generation;          /**< generation of the set it came from */
    uint64_t reserved[11];        /**< the library's own */
} svc_pick;

/**
 * Choose one endpoint of the newest set with the service's policy. Never waits,
 * neither for a source nor for another thread; allocates nothing but in the
 * first pick of a thread, and of each thread from the first of 64 services.
 * @param options  may be NULL
 * @param ret      filled; copied
 * @return 0; SVC_EAGAIN before the first answer; the set's code when no
 *         endpoint is usable; SVC_EINVAL, also for a tracked pick of a service
 *         that was opened without track; SVC_ENOTSUP for a longer options
 *         struct whose tail is not zero; SVC_ECLOSED; SVC_ESTATE. Thread-safe.
 */
SVC_EXPORT int svc_service_pick(svc_service *s, const svc_pick_options *options,
                                svc_pick *ret);

/**
 * The picked address, for connect().
 * @return borrowed until the pick goes. Thread-safe.
 */
SVC_EXPORT const struct sockaddr *svc_pick_sockaddr(const svc_pick *pick);

/**
 * Close a tracked pick: it is in flight no more, and its endpoint is known by
 * how it went. The latency is the time since the pick. On a pick that is not
 * tracked nothing happens, nor for a struct that was closed before (a copy of
 * it is not known to be one, see svc_pick); one whose endpoint is gone is
 * counted in the statistics and ignored. So may be one that was open for more
 * than ten minutes, and is in flight for twenty at most.
 * @param pick     closed; may be NULL
 * @param outcome  enum svc_outcome; anything else is SVC_OUTCOME_ERROR. One
 *                 thread at a time.
 */
SVC_EXPORT void svc_pick_done(svc_pick *pick, int outcome);

/**
 * The same with a latency that the caller measured.
 * @param latency_us  microseconds from what the caller calls the begin to the
 *                    first answer; below 0: not known, and nothing is learned
 *                    of it. One thread at a time.
 */
SVC_EXPORT void svc_pick_done_after(svc_pick *pick, int outcome,
                                    int64_t latency_us);

/**
 * That endpoint failed: another one for the same request, none of those that
 * this pick has tried (it remembers eight). Closes what was tracked as
 * svc_pick_done does, and tracks the new one too. So that retries do not
 * multiply the load of a service in trouble, there are at most a fifth as many
 * as picks, but three a second at least. The key of the pick counts no more:
 * policies that hash take the next endpoint after the one that failed.
 * @param pick     filled anew on success, else closed
 * @param outcome  as in svc_pick_done
 * @return 0; SVC_ENOENDPOINTS when all were tried or eight of them, or when
 *         there are too many retries; what svc_service_pick returns;
 *         SVC_EINVAL for one that no pick has filled;
 *         SVC_ECLOSED when the service was freed. One thread at a time.
 */
SVC_EXPORT int svc_pick_next(svc_pick *pick, int outcome);

/**
 * Connect to an endpoint by TCP. Waits for the first answer as svc_service_wait
 * does, picks, and begins to connect. Who fails is followed by the policy's
 * next choice at once; who is silent for a quarter of a second is followed, too
 * (sooner, where the time is short), and may still connect. Each is of another
 * address family than the one before, where there is one left. The first that
 * connects wins (Happy Eyeballs, RFC 8305), and the others are closed. At most
 * eight are tried; they are no retries in the sense of svc_pick_next.
 * @param options   as in svc_service_pick; may be NULL. With track each attempt
 *                  is tracked: those that fail are closed as
 *                  SVC_OUTCOME_CONNECT, those that were silent for so long as
 *                  SVC_OUTCOME_TIMEOUT, those for which this host had no
 *                  descriptor or port left as SVC_OUTCOME_CANCELLED.
 * @param timeout_ms  time-out of all this in milliseconds
 * @param ret_pick  who it is, filled on success; with track it is yours to
 *                  close by svc_pick_done; without, it may be NULL
 * @param reterr    filled on failure, with each endpoint that was tried and
 *                  why it failed; may be NULL
 * @return a connected socket, owned, free with close(): it blocks, is
 *         close-on-exec, and has all other options as socket() gives them.
 *         Else a code: what svc_service_wait returns; SVC_EUNREACH when all
 *         failed; SVC_ETIMEDOUT when one was silent to the end; SVC_ENOMEM,
 *         also when descriptors are short; SVC_ENOTSUP for a port that is not
 *         one of TCP; SVC_EINVAL, also for a port that is not known, and for
 *         track where the service was opened without; SVC_ECLOSED; SVC_ESTATE.
 *         Thread-safe; with external_loop: Thread that dispatches only.
 */
SVC_EXPORT int svc_service_connect(svc_service *s,
                                   const svc_pick_options *options,
                                   int timeout_ms, svc_pick *ret_pick,
                                   svc_error *reterr);

/* ---- watch ------------------------------------------------------------- */

/**
 * Subscribe to a service's sets. The set that is there now comes first.
 * @param ret  owned, free with svc_watch_free before the service
 * @return 0, SVC_ENOMEM, SVC_ECLOSED, SVC_ESTATE. Thread-safe.
 */
SVC_EXPORT int svc_watch_new(svc_service *s, svc_watch **ret);

/**
 * End a subscription.
 * @param w  taken; may be NULL. One thread at a time.
 */
SVC_EXPORT void svc_watch_free(svc_watch *w);

/**
 * A descriptor that is readable while svc_watch_next has something. Only for
 * polling: never read it.
 * @return borrowed until svc_watch_free; SVC_EINVAL, SVC_ESTATE. Thread-safe.
 */
SVC_EXPORT int svc_watch_fd(const svc_watch *w);

/**
 * Take the newest set if it is new to this watch, or the newest trouble.
 * Sets in between are skipped; nothing is lost, since each is whole.
 * @param timeout_ms  how long to wait for something new
 * @param ret     shared, drop with svc_endpoints_unref; a set, perhaps empty
 *                with a code. After a trouble has ended, the present set comes
 *                again though its generation is the same.
 * @param reterr  filled on failure; may be NULL
 * @return 0; SVC_EAGAIN when nothing new came in time; the code of a trouble
 *         that is new (the set stays what it was, *ret is untouched);
 *         SVC_ECLOSED; SVC_ESTATE. One thread at a time; with external_loop
 *         and a time-out: Thread that dispatches only.
 */
SVC_EXPORT int svc_watch_next(svc_watch *w, int timeout_ms, svc_endpoints **ret,
                              svc_error *reterr);

/* ---- endpoints --------------------------------------------------------- */

/** One more reference. @return eps. Thread-safe. */
SVC_EXPORT svc_endpoints *svc_endpoints_ref(svc_endpoints *eps);

/** Drop a reference. @param eps taken; may be NULL. Thread-safe. */
SVC_EXPORT void svc_endpoints_unref(svc_endpoints *eps);

/** Number of usable endpoints: those that a pick may choose. Thread-safe. */
SVC_EXPORT size_t svc_endpoints_count(const svc_endpoints *eps);

/**
 * Number of all endpoints: the usable ones come first, then the others, each
 * with its reasons. Thread-safe.
 */
SVC_EXPORT size_t svc_endpoints_total(const svc_endpoints *eps);

/**
 * One endpoint. The usable part and the rest are each in order: IPv4 before
 * IPv6, then by the address's bytes, then by port.
 * @return borrowed until svc_endpoints_unref; NULL when i is not below the
 *         total. Thread-safe.
 */
SVC_EXPORT const svc_endpoint *svc_endpoints_at(const svc_endpoints *eps,
                                                size_t i);

/**
 * Walk the differences between the usable endpoints of two sets of one
 * service. Begin with *cursor = 0 and call until it returns 0.
 * @param before  may be NULL for "nothing"
 * @param cursor  state of the walk
 * @param ret_before  borrowed until before goes; NULL: *ret_after was added
 * @param ret_after   borrowed until after goes; NULL: *ret_before was removed;
 *                    neither NULL: an attribute of it changed
 * @return 1 for a difference, 0 at the end. Thread-safe.
 */
SVC_EXPORT int svc_endpoints_diff(const svc_endpoints *before,
                                  const svc_endpoints *after, uint64_t *cursor,
                                  const svc_endpoint **ret_before,
                                  const svc_endpoint **ret_after);

/**
 * A set in words and numbers. Start from SVC_ENDPOINTS_INFO_INIT. Strings are
 * borrowed until svc_endpoints_unref; NULL means unknown.
 */
typedef struct svc_endpoints_info {
    size_t size;            /**< sizeof(svc_endpoints_info) */
    const char *service;    /**< Service asked for */
    const char *namespace_; /**< its namespace */
    const char *type;       /**< "ClusterIP", "Headless", "NodePort",
                                 "LoadBalancer", "ExternalName", "External",
                                 "Literal", "Unknown" */
    const char *view;       /**< "pods", "vip", "node", "lb" or NULL */
    const char *source;     /**< backend that answered */
    const char *canonical;  /**< name that owns the addresses, no final dot */
    const char *port_name;  /**< name of the port asked for, "" if unnamed */
    const char *session_affinity; /**< "None" or "ClientIP" */
    const char *policy;           /**< policy that picks from it */
    const char *message;          /**< why it is empty, else NULL */
    const char *hint;             /**< what to do about that, or NULL */
    uint64_t generation; /**< 1 for a service's first set, then rising */
    int64_t ttl_ms;      /**< time to live when it came, the least of its
                              aliases; -1 if none */
    int port;            /**< the Service's port number, 0 if unknown */
    int code;            /**< 0, or why no endpoint is usable */
} svc_endpoints_info;

/** Initial value of svc_endpoints_info. */
#define SVC_ENDPOINTS_INFO_INIT                                                \
    {                                                                          \
        sizeof(svc_endpoints_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
            0                                                                  \
    }

/**
 * Describe a set.
 * @param ret  size must be set
 * @return 0 or SVC_EINVAL. Thread-safe.
 */
SVC_EXPORT int svc_endpoints_describe(const svc_endpoints *eps,
                                      svc_endpoints_info *ret);

/**
 * Whether the source is in trouble now, so that the set may be out of date. Not
 * while DNS stands in for an API server that cannot be asked.
 * @return 1 or 0; after the service is gone what it was then. Thread-safe.
 */
SVC_EXPORT int svc_endpoints_is_stale(const svc_endpoints *eps);

/**
 * Time since the source last confirmed its answers: for DNS, since its last
 * answer, which moves this time also when it left the set as it was.
 * @return milliseconds; 0 while a source that tells changes by itself is well
 *         and the service is open. Thread-safe.
 */
SVC_EXPORT int64_t svc_endpoints_age_ms(const svc_endpoints *eps);

/**
 * The socket address of an endpoint; port 0 when its port is unknown.
 * @param ret  filled
 * @return its bytes, for connect(). Thread-safe.
 */
SVC_EXPORT socklen_t svc_endpoint_sockaddr(const svc_endpoint *ep,
                                           struct sockaddr_storage *ret);

/** Bytes of the longest address in text, its NUL included. */
#define SVC_ADDRESS_TEXT_SIZE 46
/** Bytes of an object's UID in text, its NUL included. */
#define SVC_UID_TEXT_SIZE 37

/** Reasons why an endpoint is not usable, bits of svc_endpoint_info::why. */
enum svc_why {
    SVC_WHY_NOT_READY = 1 << 0,        /**< "not-ready" */
    SVC_WHY_TERMINATING = 1 << 1,      /**< "terminating" */
    SVC_WHY_NO_SUCH_PORT = 1 << 2,     /**< "no-such-port" */
    SVC_WHY_WRONG_FAMILY = 1 << 3,     /**< "wrong-family" */
    SVC_WHY_OTHER_ZONE = 1 << 4,       /**< "other-zone" */
    SVC_WHY_OTHER_NODE = 1 << 5,       /**< "other-node" */
    SVC_WHY_NOT_LOCAL = 1 << 6,        /**< "not-local" */
    SVC_WHY_OUTSIDE_SUBSET = 1 << 7,   /**< "outside-subset" */
    SVC_WHY_EJECTED = 1 << 8,          /**< "ejected" */
    SVC_WHY_DRAINING = 1 << 9,         /**< "draining" */
    SVC_WHY_REFUSED_ADDRESS = 1 << 10, /**< "refused-address" */
    SVC_WHY_DUPLICATE = 1 << 11        /**< "duplicate" */
};

/**
 * The word for one reason.
 * @param bit  one bit of enum svc_why
 * @return static text; NULL for anything else. Thread-safe.
 */
SVC_EXPORT const char *svc_why_name(uint32_t bit);

/**
 * An endpoint in words and numbers. Start from SVC_ENDPOINT_INFO_INIT. Strings
 * are borrowed until the set goes; NULL means unknown, and so does -1 for the
 * three conditions.
 */
typedef struct svc_endpoint_info {
    size_t size;               /**< sizeof(svc_endpoint_info) */
    const char *protocol;      /**< "TCP", "UDP", "SCTP" or NULL */
    const char *hostname;      /**< its hostname in the Service */
    const char *pod_namespace; /**< namespace of its Pod */
    const char *pod;           /**< name of its Pod */
    const char *node;          /**< name of its Node */
    const char *zone;          /**< its topology zone */
    const char *app_protocol;  /**< appProtocol of its port */
    int family;                /**< AF_INET or AF_INET6 */
    int port;                  /**< 0 when unknown */
    int ready;                 /**< 1, 0 or -1 */
    int serving;               /**< 1, 0 or -1 */
    int terminating;           /**< 1, 0 or -1 */
    int usable;                /**< 1 when a pick may choose it */
    uint32_t weight;           /**< share relative to the others, as in
                                    svc_service_weigh; default 1 */
    uint32_t why;              /**< bits of enum svc_why; 0 when usable */
    char address[SVC_ADDRESS_TEXT_SIZE]; /**< canonical text (RFC 5952) */
    char uid[SVC_UID_TEXT_SIZE];         /**< UID of its Pod, "" if unknown */
    char reserved[5];                    /**< the library's own */
} svc_endpoint_info;

/** Initial value of svc_endpoint_info. */
#define SVC_ENDPOINT_INFO_INIT                                                 \
    {                                                                          \
        sizeof(svc_endpoint_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            0, {0}, {0},                                                       \
        {                                                                      \
            0                                                                  \
        }                                                                      \
    }

/**
 * Describe an endpoint.
 * @param ret  size must be set
 * @return 0 or SVC_EINVAL. Thread-safe.
 */
SVC_EXPORT int svc_endpoint_describe(const svc_endpoint *ep,
                                     svc_endpoint_info *ret);

#ifdef __cplusplus
}
#endif

#endif /* SVC_SVC_H */
