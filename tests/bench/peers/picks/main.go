// SPDX-License-Identifier: Apache-2.0

// Picks of grpc-go's balancers, and of the least that Go can do: a pointer to
// a slice that is replaced, and a counter.
//
//	pick POLICY ENDPOINTS COUNT THREADS
//	track POLICY ENDPOINTS COUNT THREADS    with the end of each
//	key POLICY ENDPOINTS COUNT THREADS SIZE the same by a key
//
// COUNT is of each thread; each has a processor of its own, where there are so
// many.
package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	orca "github.com/cncf/xds/go/xds/data/orca/v3"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/ringhash"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/balancer/weightedroundrobin"

	"svc.test/peers/measure"
)

// ---- the pickers ------------------------------------------------------------

// The least: turns that all threads share, as in round_robin.
type pointer struct {
	endpoints atomic.Pointer[[]*subchannel]
	next      atomic.Uint32
}

func (p *pointer) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	all := *p.endpoints.Load()
	at := p.next.Add(1) % uint32(len(all))
	return balancer.PickResult{SubConn: all[at]}, nil
}

func newPointer(count int) balancer.Picker {
	all := make([]*subchannel, count)
	for i := range all {
		all[i] = &subchannel{number: i}
	}
	p := &pointer{}
	p.endpoints.Store(&all)
	return p
}

const (
	weightPeriod = 100 * time.Millisecond // the least that it takes
	weightConfig = `{"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s"}`
)

// Endpoints of weights from 1 to 10, which they report of themselves with each
// answer; the picker sees that at its next period.
func newWeighted(count int) balancer.Picker {
	p := pickerOf(weightedroundrobin.Name, weightConfig, count)
	for range 2 * count {
		result := choose(p, balancer.PickInfo{Ctx: context.Background()})
		result.Done(balancer.DoneInfo{ServerLoad: &orca.OrcaLoadReport{
			RpsFractional:          float64(1 + number(result)%10),
			ApplicationUtilization: 0.5}})
	}
	time.Sleep(3 * weightPeriod)
	return p
}

func newPicker(policy string, count int) balancer.Picker {
	switch policy {
	case "pointer":
		return newPointer(count)
	case "round_robin":
		return pickerOf(roundrobin.Name, "{}", count)
	case "least_request":
		return pickerOf(leastrequest.Name, "{}", count)
	case "weighted_round_robin":
		return newWeighted(count)
	case "ring_hash":
		return pickerOf(ringhash.Name,
			fmt.Sprintf(`{"requestHashHeader": %q}`, header), count)
	}
	measure.Must(fmt.Errorf("no policy %q", policy), "reading a command")
	return nil
}

func choose(p balancer.Picker, info balancer.PickInfo) balancer.PickResult {
	result, err := p.Pick(info)
	measure.Must(err, "a pick")
	return result
}

func number(result balancer.PickResult) int {
	return result.SubConn.(*subchannel).number
}

// ---- what is measured -------------------------------------------------------

// A thread's picks; returns the sum of what it got.
type picks func(p balancer.Picker, count int) uint64

func pick(p balancer.Picker, count int) (sum uint64) {
	info := balancer.PickInfo{Ctx: context.Background()}
	for range count {
		result, err := p.Pick(info)
		if err != nil {
			measure.Must(err, "a pick")
		}
		sum += uint64(number(result))
	}
	return sum
}

func track(p balancer.Picker, count int) (sum uint64) {
	info := balancer.PickInfo{Ctx: context.Background()}
	for range count {
		result, err := p.Pick(info)
		if err != nil {
			measure.Must(err, "a pick")
		}
		sum += uint64(number(result))
		if result.Done != nil {
			result.Done(balancer.DoneInfo{})
		}
	}
	return sum
}

// Keys that are there already, in contexts as a call brings one.
func byKey(size int) picks {
	infos := make([]balancer.PickInfo, 256)
	for i := range infos {
		infos[i].Ctx = withKey(strings.Repeat("k", size-3) +
			fmt.Sprintf("%03d", i))
	}
	return func(p balancer.Picker, count int) (sum uint64) {
		for i := range count {
			result, err := p.Pick(infos[i%len(infos)])
			if err != nil {
				measure.Must(err, "a pick")
			}
			sum += uint64(number(result))
		}
		return sum
	}
}

// This routine's thread, on the i-th processor.
func settle(i int) {
	var set unix.CPUSet
	runtime.LockOSThread()
	set.Set(i % runtime.NumCPU())
	_ = unix.SchedSetaffinity(0, &set)
}

// Of a thread that runs, the kernel tells what it has worked up to a tick ago;
// nothing of ours runs when this has passed.
const tick = 10 * time.Millisecond

// The threads that pick are made anew; they begin together.
func run(do picks, p balancer.Picker, count, threads int) measure.Answer {
	var ready, ended sync.WaitGroup
	var sum atomic.Uint64
	answer := measure.Answer{}
	begin := make(chan struct{})
	ready.Add(threads)
	for i := range threads {
		ended.Go(func() {
			settle(i)
			do(p, 1000)
			ready.Done()
			<-begin
			sum.Add(do(p, count))
		})
	}
	ready.Wait()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	time.Sleep(tick)
	clock := measure.Start()
	close(begin)
	ended.Wait()
	time.Sleep(tick)
	clock.Tell(answer, count*threads)
	runtime.ReadMemStats(&after)
	answer["allocations"] = after.Mallocs - before.Mallocs
	answer["mean"] = float64(sum.Load()) / float64(count*threads)
	return answer
}

// Pickers are kept, since some take seconds to be made.
type peer struct {
	pickers map[string]balancer.Picker
}

func (p *peer) picker(policy, count string) balancer.Picker {
	name := policy + " " + count
	if p.pickers[name] == nil {
		p.pickers[name] = newPicker(policy, measure.Number(count))
	}
	return p.pickers[name]
}

func (p *peer) answer(do picks, words []string) measure.Answer {
	return run(do, p.picker(words[1], words[2]), measure.Number(words[3]),
		measure.Number(words[4]))
}

func main() {
	p := &peer{pickers: map[string]balancer.Picker{}}
	measure.Run(map[string]func([]string) measure.Answer{
		"pick":  func(w []string) measure.Answer { return p.answer(pick, w) },
		"track": func(w []string) measure.Answer { return p.answer(track, w) },
		"key": func(w []string) measure.Answer {
			return p.answer(byKey(measure.Number(w[5])), w)
		},
	})
}
