// SPDX-License-Identifier: Apache-2.0

// Package measure is what the peers share: commands and answers as
// ../../dns/client.h has them, processor time, memory, and events.
package measure

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Answer is one JSON object, a line.
type Answer map[string]any

// Must ends the program when a call that must not fail did.
func Must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// Number reads one.
func Number(word string) int {
	number, err := strconv.Atoi(word)
	Must(err, "reading a number")
	return number
}

// Run answers commands until its input ends.
func Run(commands map[string]func(words []string) Answer) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || commands[words[0]] == nil {
			fmt.Fprintf(os.Stderr, "no such command: %q\n", lines.Text())
			os.Exit(1)
		}
		answer := commands[words[0]](append(words, "", "", "", "", ""))
		text, err := json.Marshal(answer)
		Must(err, "writing an answer")
		fmt.Printf("%s\n", text)
	}
}

// ---- clocks -----------------------------------------------------------------

// Now is the clock that the server writes into events, in nanoseconds.
func Now() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano()
}

// Clock is wall and processor time of the whole process, in seconds.
type Clock struct {
	wall int64
	cpu  float64
}

func cpu() float64 {
	var use unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &use)
	return float64(use.Utime.Nano()+use.Stime.Nano()) * 1e-9
}

// Start begins.
func Start() Clock {
	return Clock{Now(), cpu()}
}

// Tell says what passed since the start.
func (c Clock) Tell(answer Answer, operations int) {
	answer["operations"] = operations
	answer["wall"] = float64(Now()-c.wall) * 1e-9
	answer["cpu"] = cpu() - c.cpu
}

// ---- memory and wake-ups ----------------------------------------------------

func status(file, name string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if words := strings.Fields(line); len(words) > 1 &&
			words[0] == name+":" {
			return Number(words[1])
		}
	}
	return 0
}

// RSS in bytes, and the most that it was.
func RSS() (now, peak int) {
	const file = "/proc/self/status"
	return status(file, "VmRSS") << 10, status(file, "VmHWM") << 10
}

// Tidy gives back what is not in use, which the garbage collector does late.
func Tidy() {
	debug.FreeOSMemory()
}

// Memory answers with what is in use, before and after a collection.
func Memory([]string) Answer {
	now, peak := RSS()
	Tidy()
	tidy, _ := RSS()
	return Answer{"rss": now, "peak": peak, "tidy": tidy}
}

// Switches counts how often a thread of the process has waited.
func Switches([]string) Answer {
	count := 0
	files, _ := filepath.Glob("/proc/self/task/*/status")
	for _, file := range files {
		count += status(file, "voluntary_ctxt_switches")
	}
	return Answer{"switches": count}
}

// ---- endpoints --------------------------------------------------------------

// Sum of an address and port, to be added up in any order; as in
// ../../api/events.h.
func Sum(address string, port int) uint64 {
	const prime = 0x100000001B3
	ip, err := netip.ParseAddr(address)
	Must(err, "reading an address")
	sum := uint64(unix.AF_INET)
	if ip.Is6() {
		sum = unix.AF_INET6
	}
	for _, b := range ip.AsSlice() {
		sum = (sum ^ uint64(b)) * prime
	}
	return (sum ^ uint64(port)) * prime
}

// TellSum writes it as the other programs do.
func TellSum(answer Answer, sum uint64) {
	answer["sum"] = fmt.Sprintf("%016x", sum)
}

// ---- events -----------------------------------------------------------------

// EventOf is the number of the event that put an address there, or -1; as in
// ../../api/world.h.
func EventOf(address string) int {
	var part [4]int
	for i, word := range strings.SplitN(address, ".", 4) {
		part[i], _ = strconv.Atoi(word)
	}
	if part[0] < 11 || part[0] > 18 {
		return -1
	}
	return (part[0]-11)*1000000 + (part[1]-100)*10000 + (part[2]-100)*100 +
		part[3] - 100
}

// Events is when each of a number of them was sent, arrived, and was seen.
type Events struct {
	first, count         int
	sent, arrived, shown []int64
	arrivals, shows      int
	clock                Clock
	bothDone             chan struct{}
	rawDone, shownDone   bool
	notes                chan note
}

type note struct {
	event int
	when  int64
	sent  int64
	raw   bool
}

// NewEvents expects count of them from number first on.
func NewEvents(first, count int, hasRaw bool) *Events {
	e := &Events{
		first: first, count: count,
		sent: make([]int64, count), arrived: make([]int64, count),
		shown: make([]int64, count), bothDone: make(chan struct{}),
		rawDone: !hasRaw, notes: make(chan note, 4096),
	}
	e.clock = Start()
	go e.collect()
	return e
}

// Only this routine touches the tables.
func (e *Events) collect() {
	for n := range e.notes {
		i := n.event - e.first
		if i < 0 || i >= e.count {
			continue
		}
		if n.raw {
			e.arrived[i], e.sent[i] = n.when, n.sent
			e.rawDone = e.rawDone || i == e.count-1
		} else {
			e.shown[i] = n.when
			e.shownDone = e.shownDone || i == e.count-1
		}
		if e.rawDone && e.shownDone {
			close(e.bothDone)
			return
		}
	}
}

// Shown takes the first address of a slice that a handler was given.
func (e *Events) Shown(address string) {
	if n := EventOf(address); n >= 0 {
		select {
		case <-e.bothDone:
		case e.notes <- note{event: n, when: Now()}:
		}
	}
}

// Arrived takes a line of a watch that was there at that time.
func (e *Events) Arrived(line []byte, when int64) {
	n := EventOf(between(line, `"addresses":["`))
	if n < 0 {
		return
	}
	sent, _ := strconv.ParseInt(between(line, `"bench/sent":"`), 10, 64)
	select {
	case <-e.bothDone:
	case e.notes <- note{event: n, when: when, sent: sent, raw: true}:
	}
}

func between(line []byte, before string) string {
	_, rest, _ := bytes.Cut(line, []byte(before))
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(text)
}

// Wait until the last of them was seen and says how long all took.
func (e *Events) Wait() Answer {
	<-e.bothDone
	answer := Answer{}
	e.clock.Tell(answer, e.count)
	e.tell(answer, "raw", e.arrived, e.sent)
	e.tell(answer, "shown", e.shown, e.sent)
	e.tell(answer, "added", e.shown, e.arrived)
	return answer
}

func (e *Events) tell(answer Answer, name string, later, earlier []int64) {
	times := make([]float64, 0, e.count)
	for i := range later {
		if later[i] != 0 && earlier[i] != 0 {
			times = append(times, float64(later[i]-earlier[i])*1e-9)
		}
	}
	if len(times) == 0 {
		return
	}
	sort.Float64s(times)
	answer[name+"_median"] = times[len(times)/2]
	answer[name+"_p99"] = times[len(times)*99/100]
	answer[name+"_least"] = times[0]
	answer[name+"_count"] = len(times)
}
