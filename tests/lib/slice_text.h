/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of small slices, for tables.
 */
#ifndef SVC_TEST_SLICE_TEXT_H
#define SVC_TEST_SLICE_TEXT_H

/* A slice around members, around endpoints, and around one endpoint. */
#define SLICE(members)                                                         \
    "{\"metadata\":{\"name\":\"w\",\"namespace\":\"n\"},"                      \
    "\"addressType\":\"IPv4\"," members "}"
#define ENDPOINTS(list) SLICE("\"endpoints\":[" list "]")
#define ENDPOINT(members)                                                      \
    ENDPOINTS("{\"addresses\":[\"10.0.0.1\"]," members "}")
#define PORT(members) SLICE("\"ports\":[{" members "}]")

#endif
