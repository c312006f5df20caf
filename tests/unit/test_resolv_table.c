/* SPDX-License-Identifier: Apache-2.0 */
/* Ids to entries, compared with a plain array of what was given. */
#include "base/rng.h"
#include "io/resolv_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct svc__resolv_table table;
static struct svc__resolv_entry *by_id[65536];

/* Fills the table with ids from a generator's bits. */
static void fill(uint64_t seed, uint16_t mask)
{
    struct svc__rng rng;

    svc__rng_seed(&rng, seed);
    memset(&table, 0, sizeof(table));
    memset(by_id, 0, sizeof(by_id));
    while (table.count < SVC__RESOLV_CHANNEL_QUERIES) {
        struct svc__resolv_entry *entry = svc__resolv_table_add(&table);
        uint16_t id = (uint16_t)svc__rng_next(&rng) & mask;

        assert_null(entry->packet);
        svc__resolv_table_name(&table, entry, id);
        by_id[id] = entry;
    }
}

static void every_id_finds_its_newest_entry(void **state)
{
    /* All the same, many alike in the slots, few, any. */
    static const uint16_t masks[] = {0, 0xfc00, 0x00ff, 0xffff};

    (void)state;
    for (size_t m = 0; m < sizeof(masks) / sizeof(masks[0]); m++) {
        fill(m, masks[m]);
        for (unsigned id = 0; id < 65536; id++)
            assert_ptr_equal(svc__resolv_table_find(&table, (uint16_t)id),
                             by_id[id]);
    }
}

static void an_entry_without_a_name_is_not_found(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    (void)svc__resolv_table_add(&table);
    for (unsigned id = 0; id < 65536; id++)
        assert_null(svc__resolv_table_find(&table, (uint16_t)id));
}

static void entries_are_in_the_order_of_adding(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    for (unsigned i = 0; i < SVC__RESOLV_CHANNEL_QUERIES; i++)
        assert_ptr_equal(svc__resolv_table_add(&table), &table.entries[i]);
    assert_int_equal(table.count, SVC__RESOLV_CHANNEL_QUERIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_id_finds_its_newest_entry),
        cmocka_unit_test(an_entry_without_a_name_is_not_found),
        cmocka_unit_test(entries_are_in_the_order_of_adding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
