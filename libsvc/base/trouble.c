/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the two texts of a trouble in one piece.
 */
#include "base/trouble.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stddef.h>
#include <string.h>

void svc__trouble_init(struct svc__trouble *ret, const svc_error *error)
{
    size_t message_size;
    size_t hint_size;

    ret->code = error == NULL ? 0 : error->code;
    ret->texts = NULL;
    if (ret->code == 0)
        return;
    message_size = strlen(error->message) + 1;
    hint_size = strlen(error->hint) + 1;
    ret->texts = svc__alloc(message_size + hint_size);
    if (ret->texts == NULL)
        return;
    memcpy(ret->texts, error->message, message_size);
    memcpy(ret->texts + message_size, error->hint, hint_size);
}

void svc__trouble_fini(struct svc__trouble *t)
{
    svc__free(t->texts);
    t->texts = NULL;
    t->code = 0;
}

void svc__trouble_set(struct svc__trouble *t, const svc_error *error)
{
    svc__trouble_fini(t);
    svc__trouble_init(t, error);
}

/* Its message; with no memory for one, what the code says. */
static const char *message_of(const struct svc__trouble *t)
{
    return t->texts != NULL ? t->texts : svc_err_text(t->code);
}

int svc__trouble_fill(const struct svc__trouble *t, svc_error *reterr)
{
    const char *hint = t->texts;

    if (t->code == 0)
        return 0;
    if (hint != NULL)
        hint += strlen(hint) + 1;
    return svc__err_tell(reterr, t->code, t->texts, hint);
}

int svc__trouble_equal(const struct svc__trouble *t, const svc_error *error)
{
    int code = error == NULL ? 0 : error->code;

    return t->code == code &&
           (code == 0 || strcmp(message_of(t), error->message) == 0);
}
