// SPDX-License-Identifier: Apache-2.0

// The informer of client-go, as a controller uses it: a shared informer
// factory, with its defaults, for the EndpointSlices of a namespace.
//
//	sync NAMESPACE json|protobuf whole|stripped slices|both
//	follow FIRST COUNT
//	storm FIRST COUNT
//	wait
//	sum, memory, switches
//
// KUBECONFIG says where.
package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"svc.test/peers/measure"
)

type peer struct {
	config    *rest.Config
	namespace string
	informer  cache.SharedIndexInformer
	events    atomic.Pointer[measure.Events]
}

func strip(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

func (p *peer) added(any) {}

func (p *peer) updated(_, object any) {
	slice := object.(*discoveryv1.EndpointSlice)
	events := p.events.Load()
	if events != nil && len(slice.Endpoints) > 0 {
		events.Shown(slice.Endpoints[0].Addresses[0])
	}
}

func (p *peer) factory(words []string) informers.SharedInformerFactory {
	config := rest.CopyConfig(p.config)
	// What says nothing prefers protobuf, where the server can speak it.
	if words[2] == "json" {
		config.ContentType = "application/json"
		config.AcceptContentTypes = "application/json"
	}
	client, err := kubernetes.NewForConfig(config)
	measure.Must(err, "making a client")
	options := []informers.SharedInformerOption{
		informers.WithNamespace(p.namespace)}
	if words[3] == "stripped" {
		options = append(options, informers.WithTransform(strip))
	}
	return informers.NewSharedInformerFactoryWithOptions(client, 0, options...)
}

// Synced is when the handler has been told of every object, by the informer's
// own signal: WaitForCacheSync would look every 100 ms.
func await(informer cache.SharedIndexInformer,
	handler cache.ResourceEventHandler) cache.DoneChecker {
	registration, err := informer.AddEventHandler(handler)
	measure.Must(err, "adding a handler")
	return registration.HasSyncedChecker()
}

func (p *peer) sync(words []string) measure.Answer {
	p.namespace = words[1]
	factory := p.factory(words)
	p.informer = factory.Discovery().V1().EndpointSlices().Informer()
	waits := []cache.DoneChecker{
		await(p.informer, cache.ResourceEventHandlerFuncs{
			AddFunc: p.added, UpdateFunc: p.updated})}
	if words[4] == "both" {
		waits = append(waits, await(
			factory.Core().V1().Services().Informer(),
			cache.ResourceEventHandlerFuncs{AddFunc: p.added}))
	}
	base, _ := measure.RSS()
	clock := measure.Start()
	factory.Start(context.Background().Done())
	for _, wait := range waits {
		select {
		case <-wait.Done():
		case <-time.After(5 * time.Minute):
			measure.Must(errors.New("it takes too long"), "syncing")
		}
	}
	answer := measure.Answer{"base": base}
	clock.Tell(answer, 0)
	answer["rss"], answer["peak"] = measure.RSS()
	p.tell(answer)
	return answer
}

// The endpoints that are known, and their sum.
func (p *peer) tell(answer measure.Answer) {
	count := 0
	sum := uint64(0)
	for _, object := range p.informer.GetStore().List() {
		slice := object.(*discoveryv1.EndpointSlice)
		for _, endpoint := range slice.Endpoints {
			for _, port := range slice.Ports {
				if port.Protocol == nil || *port.Protocol ==
					corev1.ProtocolTCP {
					count++
					sum += measure.Sum(endpoint.Addresses[0],
						int(*port.Port))
				}
			}
		}
	}
	answer["operations"] = count
	measure.TellSum(answer, sum)
}

func (p *peer) expect(words []string, hasRaw bool) measure.Answer {
	events := measure.NewEvents(measure.Number(words[1]),
		measure.Number(words[2]), hasRaw)
	p.events.Store(events)
	if hasRaw {
		measure.Raw(p.config, p.namespace,
			p.informer.LastSyncResourceVersion(), events)
	}
	return measure.Answer{}
}

func main() {
	p := &peer{config: measure.Config()}
	measure.Run(map[string]func([]string) measure.Answer{
		"sync":     p.sync,
		"memory":   measure.Memory,
		"switches": measure.Switches,
		"follow": func(words []string) measure.Answer {
			return p.expect(words, true)
		},
		"storm": func(words []string) measure.Answer {
			return p.expect(words, false)
		},
		"wait": func([]string) measure.Answer {
			return p.events.Load().Wait()
		},
		"sum": func([]string) measure.Answer {
			answer := measure.Answer{}
			p.tell(answer)
			return answer
		},
	})
}
