// SPDX-License-Identifier: Apache-2.0

// Picks from a service while its manifest changes: on threads that end with
// their goroutine, and in goroutines that the runtime moves from thread to
// thread. For each version on the standard input it goes on until that version
// was picked of, and says so; at the end, how many threads there were and by how
// many bytes the memory of malloc grew.
package main

/*
#include <malloc.h>
#include <stdlib.h>
#include <svc/svc.h>

static size_t allocated(void)
{
	return mallinfo2().uordblks;
}

// The third byte of an IPv4 address, which is the version; less than 0: why not.
static int pick(svc_service *s)
{
	svc_pick p;
	int code = svc_service_pick(s, NULL, &p);

	return code != 0 ? code : ((const unsigned char *)svc_pick_sockaddr(&p))[6];
}
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	threads = 40 // at one time
	picks   = 50 // of each
	rounds  = 3  // for each version
	movers  = 4
)

var (
	service *C.svc_service
	newest  int32 // that was told of: the next one may be there already
	seen    int32 // the newest that was picked of
	tids    sync.Map
)

func check(holds bool, what string, got int) {
	if !holds {
		fmt.Fprintln(os.Stderr, what, got)
		os.Exit(1)
	}
}

func open(path, name string) {
	var r *C.svc_resolver
	o := C.svc_resolver_options{size: C.sizeof_svc_resolver_options}
	files := (*[2]*C.char)(C.calloc(2, C.size_t(unsafe.Sizeof(uintptr(0)))))

	files[0] = C.CString(path)
	o.files = &files[0]
	code := C.svc_resolver_new(&o, &r, nil)
	check(code == 0, "no resolver:", int(code))
	code = C.svc_service_new(r, C.CString(name), nil, &service, nil)
	check(code == 0, "no service:", int(code))
	code = C.svc_service_wait(service, 20000, nil)
	check(code == 0, "no answer:", int(code))
}

// Versions never go back, whatever thread it is.
func pickMany() {
	last := atomic.LoadInt32(&newest) - 1
	for i := 0; i < picks; i++ {
		version := int32(C.pick(service))
		check(version >= last && version <= atomic.LoadInt32(&newest)+1,
			"a pick of:", int(version))
		last = version
	}
	for old := atomic.LoadInt32(&seen); old < last; old = atomic.LoadInt32(&seen) {
		atomic.CompareAndSwapInt32(&seen, old, last)
	}
}

// All are there at one time; a goroutine that ends locked takes its thread along.
func crew() {
	var there, done sync.WaitGroup
	there.Add(threads)
	done.Add(threads)
	for i := 0; i < threads; i++ {
		go func() {
			defer done.Done()
			runtime.LockOSThread()
			tids.Store(syscall.Gettid(), true)
			there.Done()
			there.Wait()
			pickMany()
		}()
	}
	done.Wait()
}

func main() {
	atomic.StoreInt32(&newest, 1)
	open(os.Args[1], os.Args[2])
	check(C.sizeof_svc_pick == 128, "svc_pick has:", C.sizeof_svc_pick)
	for i := 0; i < movers; i++ {
		go func() {
			for {
				pickMany()
				runtime.Gosched()
			}
		}()
	}
	crew()
	before := C.allocated()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var version int32
		fmt.Sscan(in.Text(), &version)
		atomic.StoreInt32(&newest, version)
		for i := 0; i < rounds || atomic.LoadInt32(&seen) < version; i++ {
			crew()
		}
		fmt.Println(version)
	}
	count := 0
	tids.Range(func(any, any) bool { count++; return true })
	fmt.Println(count, int64(C.allocated())-int64(before))
}
