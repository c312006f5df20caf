/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list against an array of numbers, and its walks.
 */
#include "base/list.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ITEMS 20

struct item {
    int number;
    struct svc__list link;
    int listed;
};

static struct item *item_of(struct svc__list *link)
{
    return svc__list_entry(link, struct item, link);
}

/* The list holds these numbers in this order, both ways. */
static void check(struct svc__list *head, const int *numbers, size_t count)
{
    struct svc__list *it;
    size_t i = 0;

    svc__list_each (it, head) {
        assert_true(i < count);
        assert_int_equal(item_of(it)->number, numbers[i]);
        i++;
    }
    assert_int_equal(i, count);
    for (it = head->prev; it != head; it = it->prev)
        assert_int_equal(item_of(it)->number, numbers[--i]);
    assert_int_equal(svc__list_is_empty(head), count == 0);
}

static void test_random(void **state)
{
    struct item items[ITEMS];
    struct svc__list head;
    struct svc__rng rng;
    int numbers[ITEMS];
    size_t count = 0;

    (void)state;
    svc__rng_seed(&rng, 1);
    svc__list_init(&head);
    for (int i = 0; i < ITEMS; i++) {
        items[i].number = i;
        svc__list_init(&items[i].link);
    }
    for (int n = 0; n < 5000; n++) {
        int i = (int)svc__rng_below(&rng, ITEMS);
        size_t at = 0;

        while (at < count && numbers[at] != i)
            at++;
        if (at == count) {
            svc__list_add(&head, &items[i].link);
            numbers[count++] = i;
        } else {
            svc__list_remove(&items[i].link);
            count--;
            memmove(numbers + at, numbers + at + 1,
                    (count - at) * sizeof(numbers[0]));
        }
        check(&head, numbers, count);
    }
}

static void test_remove_twice(void **state)
{
    struct item item = {.number = 1};
    struct svc__list head;

    (void)state;
    svc__list_init(&head);
    svc__list_init(&item.link);
    svc__list_remove(&item.link);
    svc__list_add(&head, &item.link);
    svc__list_remove(&item.link);
    svc__list_remove(&item.link);
    assert_true(svc__list_is_empty(&head));
    assert_true(svc__list_is_empty(&item.link));
    svc__list_add(&head, &item.link);
    check(&head, &item.number, 1);
}

/* The current link may go during a safe walk, whichever it is. */
static void test_remove_in_walk(void **state)
{
    (void)state;
    for (unsigned gone = 0; gone < 32; gone++) {
        struct item items[5];
        struct svc__list head;
        struct svc__list *it;
        struct svc__list *after;
        int left[5];
        size_t count = 0;
        int seen = 0;

        svc__list_init(&head);
        for (int i = 0; i < 5; i++) {
            items[i].number = i;
            svc__list_add(&head, &items[i].link);
            if (!(gone & 1u << i))
                left[count++] = i;
        }
        svc__list_each_safe (it, after, &head) {
            assert_int_equal(item_of(it)->number, seen++);
            if (gone & 1u << item_of(it)->number)
                svc__list_remove(it);
        }
        assert_int_equal(seen, 5);
        check(&head, left, count);
    }
}

static void test_move(void **state)
{
    static const int all[] = {0, 1, 2, 3, 4};
    struct item items[5];
    struct svc__list to;
    struct svc__list from;

    (void)state;
    for (size_t split = 0; split <= 5; split++) {
        svc__list_init(&to);
        svc__list_init(&from);
        for (size_t i = 0; i < 5; i++) {
            items[i].number = (int)i;
            svc__list_add(i < split ? &to : &from, &items[i].link);
        }
        svc__list_move(&to, &from);
        check(&to, all, 5);
        check(&from, NULL, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_remove_twice),
        cmocka_unit_test(test_remove_in_walk),
        cmocka_unit_test(test_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
