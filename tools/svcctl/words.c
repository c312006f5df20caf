/* SPDX-License-Identifier: Apache-2.0 */
/* Words, joined. */
#include "words.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

struct list {
    FILE *out;
    const char *before; /* the next word */
    const char *between;
};

static void add(struct list *list, const char *word, size_t size)
{
    fprintf(list->out, "%s%.*s", list->before, (int)size, word);
    list->before = list->between;
}

/* The words behind a key of svc_version_details. */
static void add_known(struct list *list, const char *key)
{
    char *details = memory_must(svc_version_details());
    const char *at = strstr(details, key);

    at = at ? at + strlen(key) : "";
    while (*at == ' ') {
        const size_t size = strcspn(++at, " \n");

        add(list, at, size);
        at += size;
    }
    svc_text_free(details);
}

char *words_join(const char *const *words, const char *between)
{
    char *text = NULL;
    size_t size = 0;
    struct list list = {memory_must(open_memstream(&text, &size)), "", between};

    for (; *words; words++) {
        if (strchr(*words, ':'))
            add_known(&list, *words);
        else
            add(&list, *words, strlen(*words));
    }
    if (fclose(list.out) != 0)
        memory_must(NULL);
    return text;
}

void words_print(const char *const *words)
{
    char *text = words_join(words, " ");

    fputs(text, stdout);
    free(text);
}
