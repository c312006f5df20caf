// SPDX-License-Identifier: Apache-2.0

// kuberesolver as grpc-go drives it: the resolver of one target, and what it
// hands to the connection.
//
//	use NAMESPACE SERVICE PORT
//	follow FIRST COUNT VERSION
//	wait
//	memory, switches
//
// KUBECONFIG says where.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sercand/kuberesolver/v6"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
	"k8s.io/client-go/rest"

	"svc.test/peers/measure"
)

const quiet = 500 * time.Millisecond

// The client that its interface asks for.
type client struct {
	host string
	http *http.Client
}

func (c *client) Do(request *http.Request) (*http.Response, error) {
	return c.http.Do(request)
}

func (c *client) GetRequest(text string) (*http.Request, error) {
	if !strings.HasPrefix(text, c.host) {
		text = c.host + "/" + text
	}
	return http.NewRequest(http.MethodGet, text, nil)
}

func (c *client) Host() string {
	return c.host
}

// The connection: what grpc-go would balance over.
type connection struct {
	mutex   sync.Mutex
	updates int
	last    time.Time
	used    []resolver.Address
	events  *measure.Events
}

func (c *connection) UpdateState(state resolver.State) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.updates++
	c.last = time.Now()
	c.used = state.Addresses
	if c.events != nil && len(c.used) > 0 {
		host, _, _ := net.SplitHostPort(c.used[0].Addr)
		c.events.Shown(host)
	}
	return nil
}

func (c *connection) ReportError(err error) {
	measure.Must(err, "resolving")
}

func (c *connection) NewAddress(addresses []resolver.Address) {
	_ = c.UpdateState(resolver.State{Addresses: addresses})
}

func (c *connection) ParseServiceConfig(string) *serviceconfig.ParseResult {
	return &serviceconfig.ParseResult{Err: errors.New("none is expected")}
}

func (c *connection) isQuiet() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.updates > 0 && time.Since(c.last) > quiet
}

type peer struct {
	config     *rest.Config
	namespace  string
	connection connection
}

func (p *peer) use(words []string) measure.Answer {
	p.namespace = words[1]
	http, err := rest.HTTPClientFor(rest.CopyConfig(p.config))
	measure.Must(err, "making a client")
	target, err := url.Parse(fmt.Sprintf("kubernetes:///%s.%s:%s", words[2],
		p.namespace, words[3]))
	measure.Must(err, "reading the target")
	base, _ := measure.RSS()
	builder := kuberesolver.NewBuilder(
		&client{strings.TrimSuffix(p.config.Host, "/"), http}, "kubernetes")
	_, err = builder.Build(resolver.Target{URL: *target}, &p.connection,
		resolver.BuildOptions{})
	measure.Must(err, "building the resolver")
	for !p.connection.isQuiet() {
		time.Sleep(10 * time.Millisecond)
	}
	now, peak := measure.RSS()
	p.connection.mutex.Lock()
	defer p.connection.mutex.Unlock()
	return measure.Answer{"operations": len(p.connection.used),
		"updates": p.connection.updates, "base": base, "rss": now,
		"peak": peak}
}

func (p *peer) follow(words []string) measure.Answer {
	events := measure.NewEvents(measure.Number(words[1]),
		measure.Number(words[2]), true)
	p.connection.mutex.Lock()
	p.connection.events = events
	p.connection.mutex.Unlock()
	measure.Raw(p.config, p.namespace, words[3], events)
	return measure.Answer{}
}

func main() {
	p := &peer{config: measure.Config()}
	measure.Run(map[string]func([]string) measure.Answer{
		"use":      p.use,
		"follow":   p.follow,
		"wait":     func([]string) measure.Answer { return p.connection.events.Wait() },
		"memory":   measure.Memory,
		"switches": measure.Switches,
	})
}
