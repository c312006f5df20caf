/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of resolv.conf, by the rules of glibc's res_init.c: a
 * keyword begins its line and a blank ends it, comments fill whole lines, the
 * last search or domain line wins. One pass; what does not fit is left out.
 *
 * Stricter than glibc where glibc guesses: a number with something behind it
 * is no number, a server is an address in full, and a search entry is a
 * domain. A time-out or a count of attempts below 1 would mean never, so it is
 * 1.
 */
#include "base/resolvconf.h"

#include <arpa/inet.h>
#include <string.h>

/* glibc's caps: RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY. */
#define NDOTS_MAX    15
#define TIMEOUT_MAX  30
#define ATTEMPTS_MAX 5

#define DOMAIN_MAX 253
#define LABEL_MAX  63

struct span {
    const char *ptr;
    size_t size;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next word off the front of a line; size 0 at its end. */
static struct span next_word(struct span *line)
{
    struct span word = {line->ptr, 0};

    while (line->size > 0 && is_blank(line->ptr[0])) {
        line->ptr++;
        line->size--;
    }
    word.ptr = line->ptr;
    while (word.size < line->size && !is_blank(line->ptr[word.size]))
        word.size++;
    line->ptr += word.size;
    line->size -= word.size;
    return word;
}

/* Takes a keyword and the blank behind it off the front of a line. */
static int take_keyword(struct span *line, const char *keyword)
{
    size_t size = strlen(keyword);

    if (line->size <= size || memcmp(line->ptr, keyword, size) != 0 ||
        !is_blank(line->ptr[size]))
        return 0;
    line->ptr += size;
    line->size -= size;
    return 1;
}

/* ---- nameserver ---- */

static void add_server(struct svc__resolvconf *rc, struct span line)
{
    struct span word = next_word(&line);
    char *text;
    char plain[64];
    unsigned char address[16];

    if (rc->server_count == SVC__RESOLVCONF_SERVERS || word.size == 0 ||
        word.size >= sizeof(plain))
        return;
    memcpy(plain, word.ptr, word.size);
    plain[word.size] = '\0';
    plain[strcspn(plain, ";#")] = '\0';
    text = rc->servers[rc->server_count];
    memcpy(text, plain, sizeof(plain));
    /* The zone of a link-local address is kept, and not looked at. */
    plain[strcspn(plain, "%")] = '\0';
    if (inet_pton(AF_INET6, plain, address) == 1 ||
        inet_pton(AF_INET, text, address) == 1)
        rc->server_count++;
    else
        text[0] = '\0';
}

/* ---- search and domain ---- */

static int is_domain_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Labels of 1 to 63 characters between single dots. Underscores are let
 * through: search lists of Active Directory have them. */
static int is_domain(const char *text, size_t size)
{
    size_t label = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && label == 0)
            return 0;
        if (text[i] != '.' && !is_domain_char(text[i]))
            return 0;
        label = text[i] == '.' ? 0 : label + 1;
        if (label > LABEL_MAX)
            return 0;
    }
    return label > 0;
}

static void add_search(struct svc__resolvconf *rc, struct span word)
{
    char text[DOMAIN_MAX + 1];

    if (word.size > 0 && word.ptr[word.size - 1] == '.')
        word.size--;
    if (rc->search_count == SVC__RESOLVCONF_SEARCH || word.size > DOMAIN_MAX)
        return;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.ptr[i];

        text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    text[word.size] = '\0';
    if (!is_domain(text, word.size))
        return;
    memcpy(rc->search[rc->search_count++], text, word.size + 1);
}

/* A line without a word changes nothing. */
static void set_search(struct svc__resolvconf *rc, struct span line,
                       int only_first)
{
    struct span word = next_word(&line);

    if (word.size == 0)
        return;
    rc->search_count = 0;
    do {
        add_search(rc, word);
        word = next_word(&line);
    } while (word.size > 0 && !only_first);
}

/* ---- options ---- */

static void set_number(struct span word, const char *key, int min, int max,
                       int *ret)
{
    size_t size = strlen(key);
    int value = 0;

    if (word.size <= size || memcmp(word.ptr, key, size) != 0)
        return;
    for (size_t i = size; i < word.size; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9')
            return;
        if (value <= max)
            value = value * 10 + (word.ptr[i] - '0');
    }
    *ret = value > max ? max : value < min ? min : value;
}

static void set_options(struct svc__resolvconf *rc, struct span line)
{
    struct span word = next_word(&line);

    for (; word.size > 0; word = next_word(&line)) {
        set_number(word, "ndots:", 0, NDOTS_MAX, &rc->ndots);
        set_number(word, "timeout:", 1, TIMEOUT_MAX, &rc->timeout_s);
        set_number(word, "attempts:", 1, ATTEMPTS_MAX, &rc->attempts);
    }
}

/* ---- the whole ---- */

static void read_line(struct svc__resolvconf *rc, struct span line)
{
    const char *nul = memchr(line.ptr, '\0', line.size);

    /* As C strings see it: the rest of the line is not there. */
    if (nul != NULL)
        line.size = (size_t)(nul - line.ptr);
    if (line.size > 0 && line.ptr[line.size - 1] == '\r')
        line.size--;
    if (take_keyword(&line, "nameserver"))
        add_server(rc, line);
    else if (take_keyword(&line, "search"))
        set_search(rc, line, 0);
    else if (take_keyword(&line, "domain"))
        set_search(rc, line, 1);
    else if (take_keyword(&line, "options"))
        set_options(rc, line);
}

void svc__resolvconf_parse(const char *text, size_t size,
                           struct svc__resolvconf *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->ndots = 1;
    ret->timeout_s = 5;
    ret->attempts = 2;
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        struct span line = {text, end == NULL ? size : (size_t)(end - text)};
        size_t taken = line.size + (end != NULL);

        read_line(ret, line);
        text += taken;
        size -= taken;
    }
}

/* The zone of "NS.svc.ZONE", with *ret_size the length of NS; NULL for
 * anything else. NS is an RFC 1123 label. */
static const char *namespace_entry(const char *entry, size_t *ret_size)
{
    size_t size = strcspn(entry, ".");

    if (strncmp(entry + size, ".svc.", 5) != 0 || entry[0] == '-' ||
        entry[size - 1] == '-' || memchr(entry, '_', size) != NULL)
        return NULL;
    *ret_size = size;
    return entry + size + 5;
}

static const char *zone_entry(const char *entry)
{
    return strncmp(entry, "svc.", 4) == 0 ? entry + 4 : NULL;
}

void svc__resolvconf_cluster(const struct svc__resolvconf *rc,
                             char ret_namespace[64], char ret_zone[256])
{
    const char *zone = NULL;
    const char *name = "";
    size_t size = 0;

    for (size_t i = 0; i < rc->search_count && size == 0; i++) {
        zone = namespace_entry(rc->search[i], &size);
        name = rc->search[i];
    }
    for (size_t i = 0; i < rc->search_count && zone == NULL; i++)
        zone = zone_entry(rc->search[i]);
    memcpy(ret_namespace, name, size);
    ret_namespace[size] = '\0';
    if (zone == NULL)
        zone = "";
    memcpy(ret_zone, zone, strlen(zone) + 1);
}
