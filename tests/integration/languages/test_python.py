# SPDX-License-Identifier: Apache-2.0
"""A Python program with the library by ctypes: hundreds of short threads pick
from one service while its manifest changes. Needs no more of svc.h than what it
uses: a struct that begins with its size ends where the program's does."""
import ctypes
import os
import tempfile
import threading
import unittest

import changing

THREADS, PICKS, ROUNDS = 40, 50, 3  # of threads at one time; for each version


class ResolverOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("backend", ctypes.c_char_p),
                ("files", ctypes.POINTER(ctypes.c_char_p))]


class Pick(ctypes.Structure):
    """128 bytes for ever."""
    _fields_ = [("sockaddr", ctypes.c_uint8 * 28),
                ("sockaddr_size", ctypes.c_uint32),
                ("generation", ctypes.c_uint64),
                ("reserved", ctypes.c_uint64 * 11)]


class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks "
                "fordblks keepcost".split()]


POINTER = ctypes.c_void_p
PROTOTYPES = {
    "svc_resolver_new": (ctypes.c_int, POINTER, POINTER, POINTER),
    "svc_resolver_free": (None, POINTER),
    "svc_service_new": (ctypes.c_int, POINTER, ctypes.c_char_p, POINTER,
                        POINTER, POINTER),
    "svc_service_wait": (ctypes.c_int, POINTER, ctypes.c_int, POINTER),
    "svc_service_free": (None, POINTER),
    "svc_service_pick": (ctypes.c_int, POINTER, POINTER, POINTER),
    "svc_pick_sockaddr": (POINTER, POINTER),
}


def load():
    library = ctypes.CDLL(changing.LIBRARY)
    for name, (result, *arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def allocated():
    """Bytes that malloc has given out: the library's memory, and not that of
    Python's small objects."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Mallinfo2
    return mallinfo2().uordblks


class TestThreads(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "web.json")
        changing.write(self.path, 1)
        self.svc = load()
        self.service = ctypes.c_void_p()
        self.assertEqual(ctypes.sizeof(Pick), 128)
        files = (ctypes.c_char_p * 2)(self.path.encode(), None)
        options = ResolverOptions(ctypes.sizeof(ResolverOptions), None, files)
        resolver = ctypes.c_void_p()
        self.assertEqual(self.svc.svc_resolver_new(
            ctypes.byref(options), ctypes.byref(resolver), None), 0)
        self.addCleanup(self.svc.svc_resolver_free, resolver)
        self.assertEqual(self.svc.svc_service_new(
            resolver, changing.NAME.encode(), None,
            ctypes.byref(self.service), None), 0)
        self.addCleanup(self.svc.svc_service_free, self.service)
        self.assertEqual(self.svc.svc_service_wait(
            self.service, 20000, None), 0)

    def pick(self):
        """The version that a pick is of; its code, below 0, if it fails."""
        pick = Pick()
        code = self.svc.svc_service_pick(self.service, None,
                                             ctypes.byref(pick))
        if code != 0:
            return code
        address = self.svc.svc_pick_sockaddr(ctypes.byref(pick))
        return ctypes.string_at(address, pick.sockaddr_size)[6]

    def crew(self):
        """The versions that each of many threads has picked of, in turn."""
        barrier = threading.Barrier(THREADS)
        picked = [[] for _ in range(THREADS)]

        def run(mine):
            barrier.wait()  # all of them are there at one time
            mine += [self.pick() for _ in range(PICKS)]
        threads = [threading.Thread(target=run, args=(mine,))
                   for mine in picked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return picked

    def test_short_threads(self):
        self.crew()
        before = allocated()
        for version in range(2, changing.VERSIONS):
            changing.write(self.path, version)
            seen, rounds = set(), 0
            while rounds < ROUNDS or version not in seen:
                for mine in self.crew():
                    self.assertEqual(mine, sorted(mine))
                    seen.update(mine)
                rounds += 1
            self.assertLessEqual(seen, {version - 1, version})
        self.assertLess(allocated() - before, changing.GROWTH)


if __name__ == "__main__":
    unittest.main()
