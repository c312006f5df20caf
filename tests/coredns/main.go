// SPDX-License-Identifier: Apache-2.0

// Command coredns is CoreDNS with the few plugins that the tests use: "file"
// answers from a zone file, "template" says what no zone file can.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/file"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/template"
)

// The order in which a query passes the plugins.
func init() {
	dnsserver.Directives = []string{
		"bind", "errors", "loadbalance", "template", "file",
	}
}

func main() {
	coremain.Run()
}
