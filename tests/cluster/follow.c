/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the public header only, as a program under load is one: it
 * follows Services, two threads pick from all of them without pause, and what
 * they met is told on request. Each line of standard input is a command, and
 * is answered by one line of JSON:
 *
 *     open NAME   follow one more: {"code":"SVC_OK"}
 *     sets        what each one is now
 *     picks       what the threads got from each since they were asked last
 *     stats       counters of the resolver
 *
 * It ends with its input. Usage: follow [-b BACKEND] [-k KUBECONFIG]
 * [-d DNS-SERVER] NAME...
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>
#include <time.h>
#include <unistd.h>

#define NAMES_MAX   32
#define PLACES_MAX  2048
#define PAUSE_US    200
#define PICKERS     2
#define COMMAND_MAX 512

/* An address and port that was picked, and when (CLOCK_MONOTONIC). */
struct place {
    char text[INET6_ADDRSTRLEN];
    int port;
    unsigned count;
    long long first_ms;
    long long last_ms;
};

/* A name that is followed; the members after the lock are behind it. */
struct followed {
    char *name;
    svc_service *s;
    pthread_mutex_t lock;
    unsigned picks;
    unsigned refused; /* picks without an endpoint */
    int code;         /* of the last of them */
    size_t count;
    struct place places[PLACES_MAX];
};

struct state {
    svc_resolver *r;
    struct followed *names[NAMES_MAX];
    atomic_size_t count;
    atomic_int is_over;
};

static long long now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void die(const char *what)
{
    fprintf(stderr, "follow: %s\n", what);
    exit(1);
}

/* ---- picking ------------------------------------------------------------- */

/* Which one of f's places it is; a new one at their end. */
static struct place *place_of(struct followed *f, const char *text, int port)
{
    struct place *p = f->places;

    for (size_t i = 0; i < f->count; i++, p++) {
        if (p->port == port && strcmp(p->text, text) == 0)
            return p;
    }
    if (f->count == PLACES_MAX)
        die("too many addresses");
    f->count++;
    memset(p, 0, sizeof(*p));
    memcpy(p->text, text, sizeof(p->text));
    p->port = port;
    p->first_ms = now_ms();
    return p;
}

static void note(struct followed *f, int code, const svc_pick *pick)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct place *p;

    pthread_mutex_lock(&f->lock);
    if (code == 0) {
        const struct sockaddr_in6 *v6 = &pick->sockaddr;
        const struct sockaddr_in *v4 = (const void *)v6;
        int is_v4 = svc_pick_sockaddr(pick)->sa_family == AF_INET;

        inet_ntop(is_v4 ? AF_INET : AF_INET6,
                  is_v4 ? (const void *)&v4->sin_addr : &v6->sin6_addr, text,
                  sizeof(text));
        p = place_of(f, text, ntohs(is_v4 ? v4->sin_port : v6->sin6_port));
        p->count++;
        p->last_ms = now_ms();
        f->picks++;
    } else {
        f->refused++;
        f->code = code;
    }
    pthread_mutex_unlock(&f->lock);
}

static void *pick_on(void *arg)
{
    const struct timespec pause = {0, PAUSE_US * 1000L};
    struct state *st = arg;

    while (!atomic_load(&st->is_over)) {
        for (size_t i = 0; i < atomic_load(&st->count); i++) {
            svc_pick pick;
            int code = svc_service_pick(st->names[i]->s, NULL, &pick);

            /* Before the first answer there is nothing to be met. */
            if (code != SVC_EAGAIN)
                note(st->names[i], code, &pick);
        }
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* ---- answers ------------------------------------------------------------- */

static void put_text(const char *text)
{
    if (text == NULL) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

static void put_member(const char *name, const char *text)
{
    printf("\"%s\":", name);
    put_text(text);
    putchar(',');
}

/* Those from one place to before another, each with its words of svc_why. */
static void put_endpoints(const char *name, const svc_endpoints *eps,
                          size_t from, size_t to)
{
    printf("\"%s\":[", name);
    for (size_t i = from; i < to; i++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        svc_endpoint_describe(svc_endpoints_at(eps, i), &info);
        printf("%s[\"%s\",%d", i > from ? "," : "", info.address, info.port);
        for (unsigned bit = 0; bit < 32; bit++) {
            if (info.why >> bit & 1)
                printf(",\"%s\"", svc_why_name(1U << bit));
        }
        putchar(']');
    }
    printf("]");
}

static void put_set(const svc_endpoints *eps)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    size_t count = svc_endpoints_count(eps);

    svc_endpoints_describe(eps, &info);
    put_member("code", svc_err_name(info.code));
    put_member("message", info.message);
    put_member("type", info.type);
    put_member("view", info.view);
    put_member("source", info.source);
    printf("\"generation\":%llu,\"stale\":%s,\"age_ms\":%lld,",
           (unsigned long long)info.generation,
           svc_endpoints_is_stale(eps) ? "true" : "false",
           (long long)svc_endpoints_age_ms(eps));
    put_endpoints("usable", eps, 0, count);
    putchar(',');
    put_endpoints("others", eps, count, svc_endpoints_total(eps));
}

static void answer_set(struct state *st, struct followed *f)
{
    svc_endpoints *eps = svc_service_endpoints(f->s);
    svc_error trouble = {0};
    int code = svc_service_status(f->s, &trouble);

    (void)st;
    put_member("name", f->name);
    put_member("trouble", code != 0 ? svc_err_name(code) : NULL);
    put_member("story", trouble.message);
    put_member("hint", trouble.hint);
    if (eps != NULL)
        put_set(eps);
    else
        printf("\"code\":null,\"usable\":[],\"others\":[]");
    svc_endpoints_unref(eps);
}

static void answer_picks(struct state *st, struct followed *f)
{
    (void)st;
    pthread_mutex_lock(&f->lock);
    put_member("name", f->name);
    put_member("code", svc_err_name(f->code));
    printf("\"picks\":%u,\"refused\":%u,\"places\":[", f->picks, f->refused);
    for (size_t i = 0; i < f->count; i++) {
        const struct place *p = &f->places[i];

        printf("%s[\"%s\",%d,%u,%lld,%lld]", i > 0 ? "," : "", p->text, p->port,
               p->count, p->first_ms, p->last_ms);
    }
    putchar(']');
    f->picks = f->refused = 0;
    f->count = 0;
    f->code = 0;
    pthread_mutex_unlock(&f->lock);
}

static void answer_each(struct state *st,
                        void (*answer)(struct state *, struct followed *))
{
    putchar('[');
    for (size_t i = 0; i < atomic_load(&st->count); i++) {
        fputs(i > 0 ? ",{" : "{", stdout);
        answer(st, st->names[i]);
        putchar('}');
    }
    putchar(']');
}

static void answer_stats(const struct state *st)
{
    svc_stats s = SVC_STATS_INIT;

    svc_resolver_stats(st->r, &s);
    printf(
        "{\"publishes\":%llu,\"publishes_empty\":%llu,\"troubles\":%llu,"
        "\"recoveries\":%llu,\"lists\":%llu,\"watches\":%llu,"
        "\"events\":%llu,\"bookmarks\":%llu,\"expired\":%llu,"
        "\"failures\":%llu,\"refused\":%llu,\"dns\":%llu,"
        "\"nodes\":%llu,\"services\":%llu}",
        (unsigned long long)s.publishes, (unsigned long long)s.publishes_empty,
        (unsigned long long)s.troubles, (unsigned long long)s.recoveries,
        (unsigned long long)s.api_lists, (unsigned long long)s.api_watches,
        (unsigned long long)s.api_events, (unsigned long long)s.api_bookmarks,
        (unsigned long long)s.api_expired, (unsigned long long)s.api_failures,
        (unsigned long long)s.objects_refused,
        (unsigned long long)s.dns_queries, (unsigned long long)s.objects_nodes,
        (unsigned long long)s.objects_services);
}

/* ---- commands ------------------------------------------------------------ */

static int open_name(struct state *st, const char *name)
{
    struct followed *f = calloc(1, sizeof(*f));
    size_t count = atomic_load(&st->count);
    svc_error error;
    int code;

    if (f == NULL || count == NAMES_MAX)
        die("too many names");
    f->name = strdup(name);
    pthread_mutex_init(&f->lock, NULL);
    code = svc_service_new(st->r, name, NULL, &f->s, &error);
    if (code != 0) {
        fprintf(stderr, "follow: %s: %s\n", name, error.message);
        free(f->name);
        free(f);
        return code;
    }
    st->names[count] = f;
    atomic_store(&st->count, count + 1);
    return 0;
}

static void obey(struct state *st, char *command)
{
    command[strcspn(command, "\n")] = '\0';
    if (strncmp(command, "open ", 5) == 0)
        printf("{\"code\":\"%s\"}", svc_err_name(open_name(st, command + 5)));
    else if (strcmp(command, "sets") == 0)
        answer_each(st, answer_set);
    else if (strcmp(command, "picks") == 0)
        answer_each(st, answer_picks);
    else if (strcmp(command, "stats") == 0)
        answer_stats(st);
    else
        die("no such command");
    putchar('\n');
    fflush(stdout);
}

static void write_log(void *arg, int level, const char *text)
{
    (void)arg;
    fprintf(stderr, "%lld %d %s\n", now_ms(), level, text);
}

static void begin(struct state *st, int argc, char **argv)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const char *servers[] = {NULL, NULL};
    svc_error error;
    int c;

    o.log = write_log;
    o.log_level = SVC_LOG_DEBUG;
    while ((c = getopt(argc, argv, "b:k:d:")) != -1) {
        if (c == 'b')
            o.backend = optarg;
        else if (c == 'k')
            o.kubeconfig = optarg;
        else if (c == 'd')
            servers[0] = optarg;
        else
            exit(2);
    }
    if (servers[0] != NULL)
        o.dns_servers = servers;
    if (svc_resolver_new(&o, &st->r, &error) != 0)
        die(error.message);
    for (; optind < argc; optind++) {
        if (open_name(st, argv[optind]) != 0)
            exit(1);
    }
}

int main(int argc, char **argv)
{
    static struct state st;
    char command[COMMAND_MAX];
    pthread_t pickers[PICKERS];

    begin(&st, argc, argv);
    for (size_t i = 0; i < PICKERS; i++) {
        if (pthread_create(&pickers[i], NULL, pick_on, &st) != 0)
            die("no thread");
    }
    while (fgets(command, sizeof(command), stdin) != NULL)
        obey(&st, command);
    atomic_store(&st.is_over, 1);
    for (size_t i = 0; i < PICKERS; i++)
        pthread_join(pickers[i], NULL);
    for (size_t i = 0; i < atomic_load(&st.count); i++) {
        svc_service_free(st.names[i]->s);
        free(st.names[i]->name);
        free(st.names[i]);
    }
    svc_resolver_free(st.r);
    return 0;
}
