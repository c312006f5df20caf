# SPDX-License-Identifier: Apache-2.0
"""The public header compiles alone, with every warning an error, as C99 and
C++11, and in one unit with the ONC RPC headers, which share our prefix. The
structs that are frozen have their sizes.
Usage: header.py ROOT CC CXX"""
import os
import subprocess
import tempfile

import gate

ALONE = """#include <svc/svc.h>
int use(void);
int use(void)
{
    svc_resolver_options a = SVC_RESOLVER_OPTIONS_INIT;
    svc_service_options b = SVC_SERVICE_OPTIONS_INIT;
    svc_pick_options c = SVC_PICK_OPTIONS_INIT;
    svc_stats d = SVC_STATS_INIT;
    svc_endpoints_info e = SVC_ENDPOINTS_INFO_INIT;
    svc_endpoint_info f = SVC_ENDPOINT_INFO_INIT;
    return (int)(a.size + b.size + c.size + d.size + e.size + f.size);
}
"""
BESIDE_RPC = "#include <rpc/rpc.h>\n" + ALONE
SIZES = """#include <svc/svc.h>
_Static_assert(sizeof(svc_pick) == 128, "svc_pick is frozen");
_Static_assert(sizeof(svc_error) == 1024, "svc_error is frozen");
int use(void);
"""
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
          "-Wundef", "-Werror", "-fsyntax-only"]


def rpc_flags():
    run = subprocess.run(["pkg-config", "--cflags", "libtirpc"], text=True,
                         capture_output=True, check=False)
    # Its own warnings are not ours.
    return run.stdout.replace("-I", "-isystem").split()


def check(root, cc, cxx):
    units = (
        ("C99", "c", ALONE, [cc, "-std=c99", *STRICT]),
        ("C11", "c", ALONE, [cc, "-std=c11", *STRICT]),
        ("C++11", "cc", ALONE, [cxx, "-std=c++11", *STRICT]),
        ("C++17", "cc", ALONE, [cxx, "-std=c++17", *STRICT]),
        ("C99 beside rpc/rpc.h", "c", BESIDE_RPC,
         [cc, "-std=gnu99", *STRICT, *rpc_flags()]),
        ("frozen sizes", "c", SIZES, [cc, "-std=c11", *STRICT]),
    )
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for title, suffix, text, command in units:
            path = os.path.join(folder, "unit." + suffix)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            run = subprocess.run(
                [*command, "-I", os.path.join(root, "include"), path],
                text=True, capture_output=True, check=False)
            if run.returncode != 0:
                problems += [f"{title}: {line}" for line in
                             run.stderr.splitlines() if "error:" in line]
    return problems


if __name__ == "__main__":
    gate.main(check)
