# SPDX-License-Identifier: Apache-2.0
"""Calls that have no place here, with the file that may make them, if any.
Usage: banned.py ROOT"""
import re

import gate

# For the library and its tools.
UNSAFE = """strcpy stpcpy strcat strncat strncpy sprintf vsprintf gets strtok
    atoi atol atoll atof rand srand random alloca select setenv putenv
    unsetenv gethostbyname getaddrinfo scanf sscanf fscanf tmpnam mktemp
    system popen setjmp longjmp inet_addr inet_ntoa readdir_r strerror
    localtime gmtime ctime asctime""".split()
# For the library alone: it prints nothing, ends nothing, asks nobody.
LIBRARY = """printf fprintf vprintf vfprintf dprintf puts fputs putchar putc
    fputc perror fopen fdopen fclose fread fwrite fgets getline fflush
    exit _exit _Exit abort assert atexit signal sigaction raise
    strtol strtoul strtoll strtoull strtod strtof time ctime
    gettimeofday strdup strndup asprintf vasprintf open_memstream""".split()
# Calls that one file owns.
OWNED = {
    "libsvc/base/alloc.c": "malloc calloc realloc free reallocarray "
                           "aligned_alloc posix_memalign",
    "libsvc/backend/surroundings.c": "getenv secure_getenv",
}
# A pure machine has no clock, no socket, no thread, no lock, no file.
PURE = re.compile(r"libsvc/(model|policy|cache|dns|kube)/")
NOT_IN_PURE = re.compile(
    r"\b(pthread_\w+|mtx_\w+|svc__mutex_\w+|svc__once_\w+|svc__clock_\w+"
    r"|svc__loop_\w+|socket|connect|bind|openat"
    r"|clock_gettime|usleep|nanosleep|sleep|getrandom)\s*\(")
NOT_A_CALL = re.compile(r"(\.|->)\s*$")


def calls(names):
    return re.compile(r"\b(" + "|".join(names) + r")\s*\(")


def found(pattern, code):
    """(line, name) of each call; a member of that name is not one."""
    return [(gate.line_of(code, m.start()), m.group(1))
            for m in pattern.finditer(code)
            if not NOT_A_CALL.search(code[max(0, m.start() - 8):m.start()])]


def check(root):
    problems = []
    unsafe, library = calls(UNSAFE), calls(LIBRARY)
    for path in gate.files(root, ["libsvc", "tools"], (".c", ".h")):
        code = gate.strip(gate.read(root, path))
        hits = found(unsafe, code)
        if path.startswith("libsvc/"):
            hits += found(library, code)
            for owner, names in OWNED.items():
                if path != owner:
                    hits += [(line, f"{name} (only {owner})") for line, name
                             in found(calls(names.split()), code)]
        if PURE.match(path):
            hits += [(line, f"{name} (a pure machine)")
                     for line, name in found(NOT_IN_PURE, code)]
        problems += [f"{path}:{line}: banned: {name}" for line, name
                     in sorted(hits)]
    return problems


if __name__ == "__main__":
    gate.main(check)
