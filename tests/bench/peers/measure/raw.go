// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Config of the cluster that KUBECONFIG names, with no bound on requests.
func Config() *rest.Config {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	Must(err, "reading KUBECONFIG")
	config.QPS = -1
	return config
}

// Raw opens a watch of EndpointSlices that nothing but Events reads, and
// returns when it is open.
func Raw(config *rest.Config, namespace, version string, events *Events) {
	client, err := rest.HTTPClientFor(rest.CopyConfig(config))
	Must(err, "making a client")
	response, err := client.Get(strings.TrimSuffix(config.Host, "/") +
		fmt.Sprintf("/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"+
			"?watch=1&resourceVersion=%s", namespace, version))
	Must(err, "watching")
	if response.StatusCode != http.StatusOK {
		Must(fmt.Errorf("%s", response.Status), "watching")
	}
	go follow(response.Body, events)
}

func follow(body io.ReadCloser, events *Events) {
	defer body.Close()
	buffer := make([]byte, 0, 1<<20)
	for {
		size := len(buffer)
		if size == cap(buffer) {
			buffer = append(buffer, 0)
		}
		got, err := body.Read(buffer[size:cap(buffer)])
		now := Now()
		buffer = buffer[:size+got]
		for {
			line, rest, found := bytes.Cut(buffer, []byte("\n"))
			if !found {
				break
			}
			events.Arrived(line, now)
			buffer = buffer[:copy(buffer, rest)]
		}
		select {
		case <-events.bothDone:
			return
		default:
		}
		if err != nil {
			return
		}
	}
}
