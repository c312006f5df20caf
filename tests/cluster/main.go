// SPDX-License-Identifier: Apache-2.0

// Command cluster is a whole Kubernetes control plane for tests, as one
// program: linked once, with one copy of what its parts have in common. Which
// part it is, its own name says, else its first argument.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	_ "time/tzdata"

	"github.com/spf13/pflag"
)

// Each file adds its own.
var parts = map[string]func(){}

// choose returns the part asked for, and leaves os.Args as it expects them.
func choose() (string, func()) {
	name := filepath.Base(os.Args[0])
	if parts[name] == nil && len(os.Args) > 1 {
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	return name, parts[name]
}

func main() {
	name, run := choose()
	if run == nil {
		var names []string
		for n := range parts {
			names = append(names, n)
		}
		slices.Sort(names)
		fmt.Fprintln(os.Stderr, "usage: cluster PART [ARGUMENT...], with "+
			"PART one of "+strings.Join(names, ", "))
		os.Exit(2)
	}
	// Packages of all parts register global flags before main, and the names
	// collide: "version" and "conf" of CoreDNS, "version" of component-base.
	// Each part begins with none but its own.
	if name != "coredns" {
		flag.CommandLine = flag.NewFlagSet(name, flag.ExitOnError)
	}
	if name == "kwok" {
		pflag.CommandLine = pflag.NewFlagSet(name, pflag.ExitOnError)
	}
	run()
}
