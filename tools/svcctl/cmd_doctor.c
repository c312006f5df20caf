/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl doctor: whether all is well with the sources, and what to do. */
#include "ask.h"
#include "commands.h"
#include "json.h"
#include "report.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

#define CODES 128 /* far more than there are */

static const char *text_of(struct json_object *finding, const char *key)
{
    return json_object_get_string(json_object_object_get(finding, key));
}

/* The code that has this name. */
static int code_of(const char *name)
{
    int code;

    for (code = 0; code > -CODES; code--) {
        if (strcmp(svc_err_name(code), name) == 0)
            return code;
    }
    return 0;
}

/* The exit status of the worst finding. */
static int exit_of(struct json_object *findings)
{
    int worst = 0;
    size_t i;

    for (i = 0; i < json_object_array_length(findings); i++) {
        struct json_object *finding = json_object_array_get_idx(findings, i);
        const char *code = text_of(finding, "code");
        int status = 0;

        if (code)
            status = report_exit(code_of(code));
        else if (strcmp(text_of(finding, "level"), "fail") == 0)
            status = 1;
        if (status > worst)
            worst = status;
    }
    return worst;
}

static enum tint tint_of(const char *level)
{
    if (strcmp(level, "ok") == 0)
        return TINT_GREEN;
    if (strcmp(level, "warn") == 0)
        return TINT_YELLOW;
    return strcmp(level, "fail") == 0 ? TINT_RED : TINT_DIM;
}

/* A hint has a row of its own below what it belongs to. */
static void add_finding(struct table *t, struct json_object *finding)
{
    const char *level = text_of(finding, "level");
    const char *hint = text_of(finding, "hint");

    table_add(t, level, tint_of(level));
    table_add(t, text_of(finding, "check"), TINT_NONE);
    table_add(t, text_of(finding, "source"), TINT_NONE);
    table_add(t, text_of(finding, "text"), TINT_NONE);
    if (!hint)
        return;
    table_add(t, " ", tint_of(level));
    table_add(t, " ", TINT_NONE);
    table_add(t, "hint:", TINT_NONE);
    table_add(t, hint, TINT_NONE);
}

static void print_table(const struct options *opt, struct json_object *findings)
{
    struct table t;
    size_t i;

    table_init(&t, 4);
    table_add(&t, "LEVEL", TINT_BOLD);
    table_add(&t, "CHECK", TINT_BOLD);
    table_add(&t, "SOURCE", TINT_BOLD);
    table_add(&t, "FINDING", TINT_BOLD);
    for (i = 0; i < json_object_array_length(findings); i++)
        add_finding(&t, json_object_array_get_idx(findings, i));
    table_print(&t, opt, 1);
    table_fini(&t);
}

/* The checks that failed, one a line. */
static void print_names(struct json_object *findings)
{
    size_t i;

    for (i = 0; i < json_object_array_length(findings); i++) {
        struct json_object *finding = json_object_array_get_idx(findings, i);

        if (strcmp(text_of(finding, "level"), "fail") == 0)
            printf("%s\n", text_of(finding, "check"));
    }
}

/* Shows what the library found. Returns the exit status. */
static int show(const struct options *opt, const char *text)
{
    struct json_object *object = json_tokener_parse(text);
    struct json_object *findings = NULL;
    int status = 1;

    if (object)
        findings = json_object_object_get(object, "findings");
    if (findings) {
        status = exit_of(findings);
        switch ((enum output)opt->output) {
        case OUTPUT_JSON:
            json_write(json_object_get(object));
            break;
        case OUTPUT_NAME:
            print_names(findings);
            break;
        case OUTPUT_TABLE:
        case OUTPUT_WIDE:
            print_table(opt, findings);
            break;
        }
    }
    json_object_put(object);
    return status;
}

int cmd_doctor(const struct options *opt)
{
    const char *name = opt->arguments_count > 0 ? opt->arguments[0] : NULL;
    svc_error error;
    struct ask ask;
    char *text = NULL;
    int err = ask_init(&ask, opt, ASK_TIMEOUT_MS, &error);
    int status;

    if (!err)
        err = ask_open(&ask, &error);
    if (!err)
        err = svc_resolver_check(ask.r, name, &text, &error);
    status = err ? report_error(opt, name, &error) : show(opt, text);
    svc_text_free(text);
    ask_close(&ask);
    return status;
}
