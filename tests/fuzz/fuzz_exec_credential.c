/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plugin's answer: an error has words, and a credential is a
 * token that can be sent, a certificate with its key, or both. */
#include "kube/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct svc__config_credential *c)
{
    if (c->token == NULL && c->certificate.bytes == NULL)
        abort();
    if (c->token != NULL && !svc__config_is_token(c->token, strlen(c->token)))
        abort();
    if ((c->certificate.bytes == NULL) != (c->key.bytes == NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct svc__config_credential c = {NULL, {NULL, 0}, {NULL, 0}, 0};
    svc_error error = {0, "", ""};
    int err = svc__config_credential_read(
        (const char *)(const void *)data, size,
        "client.authentication.k8s.io/v1", &c, &error);

    if (err == 0)
        check(&c);
    else if (err != SVC_EAUTH || error.message[0] == '\0')
        abort();
    svc__config_credential_fini(&c);
    return 0;
}
