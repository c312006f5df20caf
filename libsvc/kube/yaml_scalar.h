/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plain YAML scalar means: the core schema of YAML 1.2.2 section
 * 10.3.2, which reads every scalar that kubectl prints without quotes as
 * kubectl does. Pure.
 */
#ifndef SVC_KUBE_YAML_SCALAR_H
#define SVC_KUBE_YAML_SCALAR_H

#include "base/buf.h"

#include <stddef.h>

enum svc__yaml_class {
    SVC__YAML_STRING,
    SVC__YAML_NULL,    /* empty, ~, null */
    SVC__YAML_BOOL,    /* true, false */
    SVC__YAML_INT,     /* decimal, 0o17, 0x1f */
    SVC__YAML_FLOAT,   /* what JSON has: no infinity, no NaN */
    SVC__YAML_SPECIAL, /* .inf, .nan: JSON has no word for them */
};

/* Never fails: what fits nothing is a string. So is a decimal number with a
 * leading zero, which YAML 1.1 and 1.2 read differently, and a hexadecimal or
 * octal one over 64 bits; a field that wants a number then refuses it. */
enum svc__yaml_class svc__yaml_scalar_class(const char *text, size_t size);

/* Appends a scalar of class NULL, BOOL, INT or FLOAT as JSON text with the
 * same value. b latches the error. */
void svc__yaml_scalar_add(struct svc__buf *b, const char *text, size_t size,
                          enum svc__yaml_class class_);

#endif
