/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns reading of /proc.
 */
#include "process.h"

#include "../dns/client.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t process_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The number behind "name:"; 0 when it is not there. */
static size_t status_of(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    size_t size = strlen(name);
    size_t value = 0;
    char line[256];

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, size) == 0 && line[size] == ':')
            value = (size_t)strtoull(line + size + 1, NULL, 10);
    fclose(file);
    return value;
}

void process_memory(size_t *ret_now, size_t *ret_peak)
{
    *ret_now = status_of("/proc/self/status", "VmRSS") * 1024;
    *ret_peak = status_of("/proc/self/status", "VmHWM") * 1024;
}

size_t process_switches(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    size_t count = 0;
    char path[300];

    client_must(folder != NULL, "reading /proc");
    while ((entry = readdir(folder)) != NULL) {
        long id = strtol(entry->d_name, NULL, 10);

        if (id == 0 || id == (long)getpid())
            continue;
        (void)snprintf(path, sizeof(path), "/proc/self/task/%s/status",
                       entry->d_name);
        count += status_of(path, "voluntary_ctxt_switches");
    }
    closedir(folder);
    return count;
}

void process_tell_memory(const char *const words[])
{
    size_t now;
    size_t peak;

    process_memory(&now, &peak);
    client_tell("rss", (double)now);
    client_tell("peak", (double)peak);
    if (words[1][0] != '\0')
        return;
    malloc_trim(0);
    process_memory(&now, &peak);
    client_tell("tidy", (double)now);
}

void process_tell_switches(const char *const words[])
{
    (void)words;
    client_tell("switches", (double)process_switches());
}
