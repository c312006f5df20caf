# SPDX-License-Identifier: Apache-2.0
"""Each gate can fail: it is shown a small tree with one fault and must name
it, and a tree without and must be silent.
Usage: can_fail.py -v TestLayers (or any other class below)"""
import os
import subprocess
import tempfile
import textwrap
import unittest

import banned
import citations
import documented
import format  # pylint: disable=redefined-builtin
import header
import install
import layers
import nobackend
import preprocessor
import sizes
import spdx
import swig
import symbols
import tidy
import variables

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class Gate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def remove(self, path):
        os.remove(os.path.join(self.root, path))

    def run_in(self, *command):
        subprocess.run(command, cwd=self.root, check=True)

    def copy(self, path, old="", new=""):
        """A file of the project, with old replaced, which must be there."""
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        return self.write(path, text.replace(old, new, 1) if old else text)

    def red(self, problems, word):
        self.assertTrue(any(word in problem for problem in problems),
                        f"no '{word}' in {problems}")

    def each_red(self, check, cases):
        """For each (path, text, word): alone in the tree it is refused."""
        for path, text, word in cases:
            with self.subTest(path=path, word=word):
                self.write(path, text)
                self.red(check(self.root), word)
                self.remove(path)

    def green(self, check, path, text):
        self.write(path, text)
        self.assertEqual(check(self.root), [])
        self.remove(path)


class TestLayers(Gate):
    def test_red(self):
        many = "".join(f'#include "base/{c}.h"\n' for c in "abcdefghij")
        self.each_red(layers.check, [
            ("libsvc/base/a.c", '#include "model/name.h"\n', "must not"),
            ("libsvc/model/a.c", '#include "kube/join.h"\n', "must not"),
            ("libsvc/policy/a.h", '#include "kube/store.h"\nint x;',
             "must not"),
            ("libsvc/io/a.c", '#include "model/view.h"\n', "must not"),
            ("libsvc/core/a.c", '#include "kube/store.h"\n', "must not"),
            ("libsvc/kube/a.c", '#include "store.h"\n', "write includes"),
            ("libsvc/base/a.c", '#include "svc/svc.h"\n', "<svc/svc.h>"),
            ("libsvc/core/a.c", "#include <sys/epoll.h>\n", "io/loop.c"),
            ("libsvc/kube/a.c", "# include <json-c/json.h>\n", "decode.c"),
            ("libsvc/kube/decode.c", "#include <yaml.h>\n", "yaml.c"),
            ("libsvc/kube/a.c", "#include <pthread.h>\n", "pure machine"),
            ("libsvc/model/a.c", '#include "base/clock.h"\n', "no clock"),
            ("libsvc/core/a.c", many, "10 local includes"),
            ("libsvc/model/a.h", '#include "base/buf.h"\n', "umbrella"),
            ("libsvc/util/a.c", "int x;\n", "not in the table"),
            ("tools/svcctl/a.c", '#include "base/buf.h"\n', "client"),
        ])

    def test_green(self):
        self.green(layers.check, "libsvc/kube/a.c", """
            #include "kube/a.h"
            #include "base/buf.h"
            /* #include "core/api.h" */
            #include <svc/svc.h>
            """)


class TestSizes(Gate):
    def test_red(self):
        nested = "if (a) { while (a) for (;;) switch (a) { case 1: if (a) b();"
        branches = "    if (a)\n        a--;\n" * 15
        self.each_red(sizes.check, [
            ("libsvc/base/a.c", "\n" * 601, "601 lines"),
            ("libsvc/base/a.h", "\n" * 201, "201 lines"),
            ("libsvc/base/a.c", f"int a; /*{'x' * 100}*/\n", "columns"),
            ("libsvc/base/a.c", "int f(void)\n{\n" + "\n" * 79 + "}\n",
             "82 lines"),
            ("libsvc/base/a.c",
             "int f(int a, int (*b)(int, int), int c, int d, int e, int g)\n"
             "{\n    return a;\n}\n", "6 parameters"),
            ("libsvc/base/a.c",
             f"void f(int a)\n{{\n    {nested} }} }}\n}}\n", "nests 5 deep"),
            ("libsvc/base/a.c",
             f"int f(int a)\n{{\n{branches}    return a;\n}}\n",
             "complexity 16"),
        ])

    def test_green(self):
        cases = "".join(f"    case {i}:\n        return {i};\n"
                        for i in range(30))
        chain = "".join(f"    else if (a == {i})\n        a = 1;\n"
                        for i in range(9))
        self.green(sizes.check, "libsvc/base/a.c", f"""
static int table[] = {{1, 2, 3}};

int f(int a, int b, int c, int d, int e)
{{
    const struct s x = {{.a = {{1, {{2}}}}}};

    switch (a) {{
{cases}    }}
    return b;
}}

int g(int a)
{{
    if (a == 100)
        a = 2;
{chain}    return a;
}}
""")


class TestPreprocessor(Gate):
    def test_red(self):
        self.each_red(preprocessor.check, [
            ("libsvc/kube/a.c", "#ifdef __linux__\n#endif\n", "#ifdef"),
            ("libsvc/core/a.c", "#  if 1\n#endif\n", "# outside"),
            ("libsvc/core/a.h", "#ifndef A_H\nint x;\n#endif\n", "#ifndef"),
            ("libsvc/base/a.h", "#define T(x) \\\n    if (x) \\\n return 1\n",
             "control flow"),
            ("tools/svcctl/a.c", "#define T(x) do { x; } while (0)\n",
             "control flow"),
            ("libsvc/base/a.h", "#define all_each(x) for (;;)\n", "(for)"),
        ])

    def test_green(self):
        self.green(preprocessor.check, "libsvc/base/a.h", """
            #ifndef SVC_BASE_A_H
            #define SVC_BASE_A_H
            #ifdef __AVX2__
            #endif
            #define CODES(X) X(1, "if") X(2, "b")
            #define svc__list_each(it, l) for (it = l; it; it = it->next)
            #endif
            """)


class TestBanned(Gate):
    def test_red(self):
        self.each_red(banned.check, [
            ("libsvc/kube/a.c", "int x = atoi(s);\n", "atoi"),
            ("tools/svcctl/a.c", "strcpy (a, b);\n", "strcpy"),
            ("libsvc/io/a.c", 'printf("x");\n', "printf"),
            ("libsvc/io/a.c", "p = malloc(1);\n", "only libsvc/base/alloc.c"),
            ("libsvc/core/a.c", 'getenv("X");\n', "getenv"),
            ("libsvc/base/a.c", "v = strtol(s, &e, 10);\n", "strtol"),
            ("libsvc/kube/a.c", "svc__mutex_lock(&m);\n", "pure machine"),
        ])

    def test_green(self):
        self.green(banned.check, "libsvc/io/a.c", """
            /* not malloc(1) */
            const char *s = "atoi(";
            n = snprintf(a, sizeof(a), "%d", 1);
            ops->free(p);
            env.exit(1);
            """)


class TestSymbols(Gate):
    LISTED = "svc_a\nsvc_b\n"

    def build(self, listed, script, code):
        self.write("symbols.txt", listed)
        self.write("map", "LIBSVC_0 { global: %s local: *; };" % script)
        self.write("a.c", code)
        self.run_in("gcc", "-shared", "-fPIC", "-Wl,--version-script=map",
                    "-o", "a.so", "a.c")
        self.run_in("gcc", "-c", "-o", "a.o", "a.c")
        self.run_in("ar", "rcs", "a.a", "a.o")
        return symbols.check(*(os.path.join(self.root, name)
                               for name in ("symbols.txt", "a.so", "a.a")))

    def test_all(self):
        two = "int svc_a(void){return 1;} int svc_b(void){return 1;}"
        both = "svc_a; svc_b;"
        self.assertEqual(self.build(self.LISTED, both, two), [])
        self.red(self.build(self.LISTED, "svc_a;", two), "export svc_b")
        self.red(self.build("svc_a\n", both, two), "not listed")
        self.red(self.build("svc_b\nsvc_a\n", both, two), "not sorted")
        self.red(self.build(self.LISTED, both, two + "int helper;"),
                 "helper lacks the prefix")


class TestVariables(Gate):
    def build(self, listed, code):
        path = self.write("variables.txt", listed)
        self.write("a.c", code)
        self.run_in("gcc", "-O2", "-fPIC", "-c", "-o", "a.c.o", "a.c")
        archive = os.path.join(self.root, "a.a")
        if os.path.exists(archive):
            os.remove(archive)
        self.run_in("ar", "rcs", archive, "a.c.o")
        return variables.check(path, archive)

    def test_all(self):
        use = "int *use(void) { return &x; }\n"
        table = 'const char *const names[] = {"a", "b"}; const int y = 1;\n'
        self.assertEqual(self.build("", table), [])
        self.assertEqual(self.build("a.c.o: x # why\n",
                                    "static int x;\n" + use), [])
        for code in ("static int x;\n" + use, "static int x = 3;\n" + use,
                     "_Thread_local int x;\n" + use,
                     "int *f(void) { static int x; return &x; }\n",
                     "int *x = (int *)&x;\n"):
            with self.subTest(code=code):
                self.red(self.build("", code), "a.c.o: x")
        self.red(self.build("a.c.o: z\n", table), "not there")
        many = "".join(f"a.c.o: v{i}\n" for i in range(variables.MOST + 1))
        self.red(self.build(many, table), f"{variables.MOST + 1} variables")


class TestDocumented(Gate):
    HEADER = "include/svc/svc.h"

    def faulty(self, path=None, old="", new=""):
        for name in (self.HEADER, documented.SYMBOLS, documented.MAP):
            self.copy(name, *((old, new) if name == path else ()))
        return documented.check(self.root)

    def test_all(self):
        self.assertEqual(self.faulty(), [])
        declaration = "SVC_EXPORT const char *svc_version(void);"
        self.red(self.faulty(self.HEADER, declaration, "\n" + declaration),
                 "no comment")
        self.red(self.faulty(self.HEADER, "never NULL. Thread-safe.", ""),
                 "threads")
        self.red(self.faulty(self.HEADER, declaration,
                             declaration[len("SVC_EXPORT "):]), "SVC_EXPORT")
        self.red(self.faulty(self.HEADER, declaration, "/** Thread-safe. */\n"
                             "SVC_EXPORT int svc_more(void);\n" + declaration),
                 "svc_more is declared")
        self.red(self.faulty(documented.SYMBOLS, "svc_version\n", ""),
                 "svc_version is declared")
        self.red(self.faulty(documented.MAP, "svc_version;", "svc_old;"),
                 "svc_old is not declared")
        self.red(self.faulty(self.HEADER, "/**< success */", ""),
                 "no words for: SVC_OK")
        self.red(self.faulty(self.HEADER, "size_t size; ",
                             "size_t size; int x;\n"), "no words for")


class TestCitations(Gate):
    def setUp(self):
        super().setUp()
        self.write(citations.SEMANTICS, """
            ## 2. Answers
            ### 2.1 Names
            1. One.
            ### 2.11 Decisions
            1. Two.
            2. Three.
            """)
        self.write(citations.FAULTS, """
            ## 2. Faults
            | P1 | no memory | an error | `unit/test_a.c` `it_is_told` |
            ### 3.3 Addresses
            """)
        self.write("tests/unit/test_a.c", "void test_it_is_told(void)\n{\n}\n")

    def test_red(self):
        self.each_red(citations.check, [
            ("libsvc/a.c", "/* semantics 2.12 */\n", "no section 2.12"),
            ("libsvc/a.h", "/* semantics 2.1 rule 7 */\n", "no rule 7"),
            ("libsvc/a.c", "/* semantics\n * 2.11, 1 and 3 */\n", "no rule 3"),
            ("tests/b.c", "/* faults F5 */\n", "no F5"),
            ("tools/b.c", "/* (faults P1, P2) */\n", "no P2"),
            ("docs/b.md", "See faults 3.6.\n", "no 3.6"),
            ("tests/unit/test_a.c", "int x;\n", "no test it_is_told"),
        ])
        self.red(citations.check(self.root), "there is no tests/unit/test_a.c")

    def test_green(self):
        self.green(citations.check, "libsvc/a.c", """
            /* semantics 2.1, 2.11, 2; semantics 2.11, 1 and 2 (faults P1),
             * semantics 2.1 rule 1, faults
             * 3.3 */
            """)


class TestSpdx(Gate):
    def test_red(self):
        self.each_red(spdx.check, [
            ("a/b.c", "int x;\n", "SPDX"),
            ("CMakeLists.txt", "project(x)\n", "SPDX"),
            ("tools/test", "#!/bin/sh\nexit 0\n", "SPDX"),
            ("a.py", "\n\n\n# SPDX-License-Identifier: Apache-2.0\n", "SPDX"),
        ])

    def test_green(self):
        self.green(spdx.check, "a.sh",
                   "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")
        self.green(spdx.check, "data.json", "{}")


class TestFormat(Gate):
    def test_all(self):
        self.copy(".clang-format")
        self.each_red(format.check, [
            ("tests/unit/a.c", "int  x;\n", "a.c:1: not as"),
            ("libsvc/base/a.h", "int f(void) {\n}\n", "a.h:1: not as"),
        ])
        self.green(format.check, "libsvc/a.c", "int x;\n")


class TestTidy(Gate):
    def look(self, code):
        path = self.write("libsvc/a.c", code)
        self.write("compile_commands.json",
                   f'[{{"file": "{path}", "directory": "{self.root}",'
                   f' "command": "cc -c {path}"}}]')
        return tidy.check(self.root, self.root)

    def test_all(self):
        self.copy(".clang-tidy")
        self.assertEqual(self.look("int f(void);\nint f(void)\n{\n"
                                   "    return 1;\n}\n"), [])
        self.red(self.look("int f(int a);\nint f(int a)\n{\n    int *p = 0;\n"
                           "    if (a)\n        return *p;\n    return 1;\n"
                           "}\n"), "clang-analyzer")
        self.red(self.look("int f(int a);\nint f(int a)\n{\n"
                           "    return a ? f(a - 1) : 1;\n}\n"), "recursi")
        self.red(self.look("int f(\n"), "error")


class TestSwig(Gate):
    def test_all(self):
        self.copy("include/svc/svc.h")
        self.copy("tests/check/svc.i")
        self.assertEqual(swig.check(self.root), [])
        self.copy("tests/check/svc.i", "%immutable;", "")
        self.red(swig.check(self.root), "Warning 451")
        self.copy("tests/check/svc.i", "%rename(type_)", "//")
        self.red(swig.check(self.root), "-go")


class TestHeader(Gate):
    HEADER = "include/svc/svc.h"

    def look(self, old="", new=""):
        self.copy(self.HEADER, old, new)
        return header.check(self.root, "gcc", "g++")

    def test_all(self):
        self.assertEqual(self.look(), [])
        self.red(self.look("int code; ", "bool code; "), "C99")
        self.red(self.look("#define SVC_VERSION_MAJOR",
                           "int new(int new);\n#define SVC_VERSION_MAJOR"),
                 "C++11")
        self.red(self.look("svc_version(void);",
                           "svc_version(void);\nint svc_create(void);"),
                 "rpc")
        self.red(self.look("int code; ", "long code; "), "sizes")
        self.red(self.look("sizeof(svc_pick_options), 0, 0",
                           "sizeof(svc_pick_options), 0"), "C99")


class TestInstall(Gate):
    def test_files_and_flags(self):
        good = install.WANTED + ["share/doc/libsvc/README.md",
                                 "lib/libsvc.so.0.1.0"]
        self.assertEqual(install.file_problems(good), [])
        self.red(install.file_problems(good[1:]), "not installed")
        self.red(install.file_problems(good + ["include/base/buf.h"]),
                 "should not be installed: include/base/buf.h")
        self.assertEqual(install.flag_problems("-L/usr/lib -lsvc"), [])
        self.red(install.flag_problems("-lsvc -Wl,-z,now"), "-Wl,-z,now")

    def test_programs(self):
        good = '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n'
        self.write("README.md", f"text\n```c\n{good}```\n```c\nf();\n```\n")
        self.assertEqual(install.sources(self.root, self.root), ["readme_0"])
        self.write("broken.c", "int main(void) { return svc_nothing(); }\n")
        self.write("silent.c", "int main(void) { return 0; }\n")
        self.write("fails.c", "int main(void) { return 3; }\n")
        self.write("prefix/lib/pkgconfig/libsvc.pc",
                   "Name: x\nDescription: x\nVersion: 0\n")
        place = install.Outside(self.root, self.root)
        place.env["PKG_CONFIG_PATH"] = self.root + "/prefix/lib/pkgconfig"
        place.lib = ""
        place.by_pkg_config(["readme_0"], True)
        self.assertEqual(place.problems, [])
        place.by_pkg_config(["broken", "silent", "fails"], False)
        self.red(place.problems, "svc_nothing")
        self.red(place.problems, "silent: printed nothing")
        self.red(place.problems, "exit 3")
        place.by_find_package(["readme_0"], "0.1.0", True)
        self.red(place.problems, "find_package, shared: exit")


class TestNobackend(Gate):
    def test_all(self):
        self.write("a.c", "int puts(const char *); int a(void) "
                   "{ return puts(0); }")
        self.run_in("gcc", "-shared", "-fPIC", "-o", "a.so", "a.c")
        library = os.path.join(self.root, "a.so")
        self.assertEqual(nobackend.needed_problems(library, ("libyaml",)), [])
        self.red(nobackend.needed_problems(library, ("libc.so",)), "needs")
        self.red(nobackend.answer_problems("true"), "exit 0")
        self.write("CMakeLists.txt", "project(x)\nadd_executable(a b.c)\n")
        self.red(nobackend.build_without(self.root, self.root + "/b",
                                         ("FILE", "DNS")),
                 "without FILE DNS")


if __name__ == "__main__":
    unittest.main()
