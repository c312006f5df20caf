// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

// answer says which address was asked: every pod's is this one process's.
func answer(w http.ResponseWriter, r *http.Request) {
	address := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	fmt.Fprintln(w, address)
}

func init() {
	parts["pods"] = func() {
		fmt.Fprintln(os.Stderr, "pods:", http.ListenAndServe("0.0.0.0:80",
			http.HandlerFunc(answer)))
		os.Exit(1)
	}
}
