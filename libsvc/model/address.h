/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IP address as a value: parse, print, order, classify. Pure.
 */
#ifndef SVC_MODEL_ADDRESS_H
#define SVC_MODEL_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>
#include <sys/socket.h>

/* Families, and the filter of families that a caller asks for. */
enum svc__family {
    SVC__FAMILY_ANY = 0,
    SVC__FAMILY_IPV4 = 4,
    SVC__FAMILY_IPV6 = 6
};

struct svc__address {
    uint8_t bytes[16]; /* network order; IPv4 in the first four, rest 0 */
    uint8_t family;    /* SVC__FAMILY_IPV4 or _IPV6 */
};

/* Classes that the filter knows (faults 3.3). */
enum svc__address_class {
    SVC__ADDRESS_PLAIN = 0,
    SVC__ADDRESS_NEVER = 1 << 0,      /* unspecified, multicast, broadcast,
                                         reserved: never let through */
    SVC__ADDRESS_LOOPBACK = 1 << 1,   /* opt-out "loopback" */
    SVC__ADDRESS_LINK_LOCAL = 1 << 2, /* opt-out "link-local" */
    SVC__ADDRESS_METADATA = 1 << 3    /* opt-out "metadata" */
};

/* Parses strict text: dotted quad of four decimal numbers without leading
 * zeros, or RFC 4291 section 2.2 IPv6 without zone. The whole of text must be
 * the address. 0 or SVC_EINVAL. */
int svc__address_parse(const char *text, size_t size, struct svc__address *ret);

/* Writes the canonical text (RFC 5952) with its NUL. Returns its length. */
size_t svc__address_format(const struct svc__address *a,
                           char ret[SVC_ADDRESS_TEXT_SIZE]);

/* The dashed form of pod names: '.' and ':' become '-', and a trailing '-'
 * gets a '0' (CoreDNS endpointHostname). Returns its length. */
size_t svc__address_format_dashed(const struct svc__address *a,
                                  char ret[SVC_ADDRESS_TEXT_SIZE]);

/* Parses the dashed form, for a-b-c-d.ns.pod. 0 or SVC_EINVAL. */
int svc__address_parse_dashed(const char *text, size_t size,
                              struct svc__address *ret);

/* IPv4 before IPv6, then by bytes. Below, equal or above 0. */
int svc__address_compare(const struct svc__address *a,
                         const struct svc__address *b);

/* Bits of enum svc__address_class. An IPv4-mapped, IPv4-compatible, NAT64
 * (64:ff9b::/96) or 6to4 address is in the classes of the IPv4 address in it
 * as well. An address may be in several classes: 169.254.169.254 is link-local
 * and metadata, and needs both opt-outs. */
unsigned svc__address_classify(const struct svc__address *a);

/* Bit of a class that may be let through ("loopback", "link-local",
 * "metadata"), or 0. */
unsigned svc__address_class_parse(const char *word);

/* Whether the filter of faults 3.3 lets an address of a source through, with
 * the classes in allow let through too. */
int svc__address_is_allowed(const struct svc__address *a, unsigned allow);

/* Reads a port of digits alone, 1 to 65535. 0 or SVC_EINVAL. */
int svc__address_read_port(const char *text, size_t size, uint16_t *ret);

/* Parses "ADDR", "ADDR:PORT" or "[ADDR]:PORT" with ADDR as above; an IPv6
 * address with a port needs the brackets. The port is port_default where none
 * is written, and 1 to 65535. 0 or SVC_EINVAL. */
int svc__address_parse_port(const char *text, uint16_t port_default,
                            struct svc__address *ret, uint16_t *ret_port);

/* Fills a socket address; returns its size. */
socklen_t svc__address_to_sockaddr(const struct svc__address *a, uint16_t port,
                                   struct sockaddr_storage *ret);

#endif
