/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main of a fuzz program where libFuzzer is not at hand: feeds every file
 * of the folders, or the files, named on the command line to the harness once.
 * An empty input comes first. No input at all is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LARGEST_INPUT (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0;

    if (!file) {
        perror(path);
        return -1;
    }
    data = malloc(LARGEST_INPUT);
    if (data) {
        size = fread(data, 1, LARGEST_INPUT, file);
        /* Shrunk to its size, so that a sanitizer sees a read past the end. */
        uint8_t *exact = realloc(data, size ? size : 1);
        data = exact ? exact : data;
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    fclose(file);
    return data ? 1 : -1;
}

static int replay_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    int replayed = 0;

    for (int i = 0; i < count; i++) {
        char file[4096];
        struct stat st;
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        free(entries[i]);
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
            replayed += replay_file(file) > 0;
    }
    if (count >= 0)
        free(entries);
    return replayed;
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1];
    int replayed = 0;

    LLVMFuzzerTestOneInput(nothing, 0);
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            replayed += replay_folder(argv[i]);
        else
            replayed += replay_file(argv[i]) > 0;
    }
    printf("%d inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
