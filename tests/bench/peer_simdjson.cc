// SPDX-License-Identifier: Apache-2.0
// Owns the walk, as one writes it for simdjson: members as they come, by name.
#include "peer_simdjson.h"

#include <simdjson.h>

using namespace simdjson;

namespace {

peer_simdjson_text text_of(ondemand::value value)
{
    std::string_view text;

    // null is as absent.
    if (value.get_string().get(text) != SUCCESS)
        return {nullptr, 0};
    return {text.data(), text.size()};
}

void read_conditions(ondemand::object conditions, peer_simdjson_endpoint &ep)
{
    for (auto field : conditions) {
        std::string_view key = field.unescaped_key();
        bool is_true = field.value().get_bool();

        if (key == "ready")
            ep.ready = is_true;
        else if (key == "serving")
            ep.serving = is_true;
        else if (key == "terminating")
            ep.terminating = is_true;
    }
}

void read_reference(ondemand::object reference, peer_simdjson_endpoint &ep)
{
    for (auto field : reference) {
        std::string_view key = field.unescaped_key();

        if (key == "namespace")
            ep.pod_namespace = text_of(field.value());
        else if (key == "name")
            ep.pod = text_of(field.value());
        else if (key == "uid")
            ep.uid = text_of(field.value());
    }
}

void read_hints(ondemand::object hints, peer_simdjson_endpoint &ep)
{
    for (auto zone : hints["forZones"].get_array()) {
        if (ep.hints_count == sizeof(ep.hints) / sizeof(ep.hints[0]))
            throw simdjson_error(CAPACITY);
        ep.hints[ep.hints_count++] = text_of(zone.get_object()["name"]);
    }
}

peer_simdjson_endpoint read_endpoint(ondemand::object object)
{
    peer_simdjson_endpoint ep = {};

    ep.ready = ep.serving = 1;
    for (auto field : object) {
        std::string_view key = field.unescaped_key();
        ondemand::value value = field.value();

        if (key == "addresses")
            ep.address = text_of(value.get_array().at(0));
        else if (key == "conditions")
            read_conditions(value, ep);
        else if (key == "hostname")
            ep.hostname = text_of(value);
        else if (key == "targetRef")
            read_reference(value, ep);
        else if (key == "nodeName")
            ep.node = text_of(value);
        else if (key == "zone")
            ep.zone = text_of(value);
        else if (key == "hints")
            read_hints(value, ep);
    }
    return ep;
}

} // namespace

int peer_simdjson_walk(const char *text, size_t size, size_t room,
                       void (*take)(void *arg,
                                    const struct peer_simdjson_endpoint *found),
                       void *arg)
{
    ondemand::parser parser;

    try {
        ondemand::document list =
            parser.iterate(padded_string_view(text, size, room));

        for (ondemand::object slice : list["items"]) {
            for (auto field : slice) {
                std::string_view key = field.unescaped_key();

                if (key != "endpoints")
                    continue;
                for (ondemand::object object : field.value().get_array()) {
                    const peer_simdjson_endpoint ep = read_endpoint(object);

                    take(arg, &ep);
                }
            }
        }
    } catch (const simdjson_error &) {
        return -1;
    }
    return 0;
}

size_t peer_simdjson_padding(void)
{
    return SIMDJSON_PADDING;
}
