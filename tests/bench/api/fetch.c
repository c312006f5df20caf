/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the handle.
 */
#include "fetch.h"

#include "../dns/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

struct use {
    fetch_fn *data;
    void *arg;
    int enough;
};

int fetch_is_plain(void)
{
    return getenv("SVC_BENCH_CA") == NULL;
}

static size_t written(char *bytes, size_t one, size_t size, void *arg)
{
    struct use *u = arg;

    (void)one;
    u->enough = u->data(u->arg, bytes, size);
    return u->enough ? 0 : size;
}

void fetch(const char *path, fetch_fn *data, void *arg)
{
    struct use u = {data, arg, 0};
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();
    char text[2048];
    CURLcode err;

    client_must(curl != NULL, "making a handle");
    (void)snprintf(text, sizeof(text), "%s://%s:%s%s",
                   fetch_is_plain() ? "http" : "https", client_server,
                   client_port, path);
    curl_easy_setopt(curl, CURLOPT_URL, text);
    if (!fetch_is_plain()) {
        const char *token = getenv("SVC_BENCH_TOKEN");

        curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("SVC_BENCH_CA"));
        (void)snprintf(text, sizeof(text), "Authorization: Bearer %s",
                       token == NULL ? "" : token);
        headers = curl_slist_append(NULL, text);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, written);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &u);
    err = curl_easy_perform(curl);
    client_must(err == CURLE_OK || (err == CURLE_WRITE_ERROR && u.enough),
                curl_easy_strerror(err));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}
