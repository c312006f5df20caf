// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"svc.test/peers/measure"
)

// A channel without a network: whoever is asked to connect is soon ready. It
// keeps the picker that a balancer made last, as a channel does.
type channel struct {
	balancer.ClientConn
	mutex   sync.Mutex
	picker  balancer.Picker
	asked   []*subchannel
	ready   int
	created int
}

type subchannel struct {
	balancer.SubConn
	channel *channel
	number  int
	listen  func(balancer.SubConnState)
	health  func(balancer.SubConnState)
}

func (c *channel) NewSubConn(_ []resolver.Address,
	options balancer.NewSubConnOptions) (balancer.SubConn, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	s := &subchannel{channel: c, number: c.created,
		listen: options.StateListener}
	c.created++
	return s, nil
}

func (c *channel) UpdateState(state balancer.State) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.picker = state.Picker
}

func (c *channel) ResolveNow(resolver.ResolveNowOptions) {}

func (c *channel) MetricsRecorder() stats.MetricsRecorder {
	return stats.UnimplementedMetricsRecorder{}
}

// The balancer has a lock while it asks, so the answer comes later.
func (s *subchannel) Connect() {
	s.channel.mutex.Lock()
	defer s.channel.mutex.Unlock()
	s.channel.asked = append(s.channel.asked, s)
}

func (s *subchannel) RegisterHealthListener(f func(balancer.SubConnState)) {
	s.health = f
}

func (s *subchannel) Shutdown() {}

// One that is connected, where one was asked for.
func (c *channel) connect() bool {
	c.mutex.Lock()
	if len(c.asked) == 0 {
		c.mutex.Unlock()
		return false
	}
	s := c.asked[0]
	c.asked = c.asked[1:]
	c.ready++
	c.mutex.Unlock()
	s.listen(balancer.SubConnState{
		ConnectivityState: connectivity.Connecting})
	ready := balancer.SubConnState{ConnectivityState: connectivity.Ready}
	s.listen(ready)
	if s.health != nil {
		s.health(ready)
	}
	return true
}

func endpoints(count int) []resolver.Endpoint {
	all := make([]resolver.Endpoint, count)
	for i := range all {
		all[i].Addresses = []resolver.Address{{
			Addr: fmt.Sprintf("10.1.%d.%d:8080", i/250, 1+i%250)}}
	}
	return all
}

// The picker of a balancer of grpc-go when all its endpoints are ready.
func pickerOf(name, config string, count int) balancer.Picker {
	c := &channel{}
	builder := balancer.Get(name)
	var parsed serviceconfig.LoadBalancingConfig
	if parser, can := builder.(balancer.ConfigParser); can {
		var err error
		parsed, err = parser.ParseConfig(json.RawMessage(config))
		measure.Must(err, "reading the configuration")
	}
	b := builder.Build(c, balancer.BuildOptions{})
	measure.Must(b.UpdateClientConnState(balancer.ClientConnState{
		ResolverState:  resolver.State{Endpoints: endpoints(count)},
		BalancerConfig: parsed}), "taking the endpoints")
	for c.ready < count {
		if !c.connect() {
			// Those that connect when they are picked.
			_, _ = c.picked().Pick(balancer.PickInfo{
				Ctx: context.Background()})
			runtime.Gosched()
		}
	}
	return c.picked()
}

func (c *channel) picked() balancer.Picker {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.picker
}

// Where the key of a pick is.
const header = "key"

func withKey(key string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), header, key)
}
