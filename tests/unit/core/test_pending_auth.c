/* SPDX-License-Identifier: BSD-2-Clause */
/* How much may wait; that all of it is answered is in core.relay_lookup. */
#include "pending_auth.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "fake_asker.h"
#include "fake_link.h"
#include "oom.h"
#include "texts.h"

struct bench {
    struct pending_auths all;
    struct fake_asker asker;
    struct fake_link a, b;
    unsigned done;
    char text[12 * 1024];
};

static void on_done(void *ctx, struct link *l, const struct msg *m,
                    const struct asker_answer *answer)
{
    struct bench *b = ctx;

    assert_non_null(l);
    assert_int_equal(m->method, MSG_AUTH);
    assert_non_null(answer);
    b->done++;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    pending_auths_init(&b->all, on_done, b);
    fake_asker_init(&b->asker);
    pending_auths_use(&b->all, &b->asker.asker);
    fake_link_init(&b->a, 1);
    fake_link_init(&b->b, 2);
    pending_auths_link_init(&b->a.link);
    pending_auths_link_init(&b->b.link);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    pending_auths_link_closed(&b->a.link);
    pending_auths_link_closed(&b->b.link);
    assert_int_equal(b->done, 0);
    pending_auths_fini(&b->all);
    fake_link_fini(&b->a);
    fake_link_fini(&b->b);
    free(b);
    return 0;
}

/* Asks with a head of about so many octets. */
static int ask(struct bench *b, struct fake_link *f, size_t octets)
{
    const struct asker_question q = {SPAN("dora"), SPAN("r"), DIGEST_MD5};
    int n = snprintf(b->text, sizeof b->text,
                     "MSRP abcd AUTH\r\nTo-Path: msrps://r;tcp\r\n"
                     "From-Path: msrps://a:1/a;tcp\r\nX: ");
    struct asker_answer answer;
    struct msg m;

    memset(b->text + n, 'x', octets);
    memcpy(b->text + n + octets, "\r\n", 3);
    m = msg_of(b->text);
    return pending_auths_ask(&b->all, &answer, &q, &f->link, &m, 1000);
}

static void sixteen_of_a_client_may_wait_however_large(void **state)
{
    struct bench *b = *state;

    for (int i = 0; i < PENDING_AUTHS_OF_LINK; i++)
        assert_int_equal(ask(b, &b->a, 10000), ERR_AGAIN);
    assert_int_equal(ask(b, &b->a, 10), ERR_FULL);
    assert_int_equal(ask(b, &b->b, 10), ERR_AGAIN);
}

static void a_client_may_have_some_octets_when_many_wait(void **state)
{
    struct bench *b = *state;

    b->all.octets += PENDING_AUTHS_OCTETS / 2;
    assert_int_equal(ask(b, &b->a, 10000), ERR_AGAIN);
    assert_int_equal(ask(b, &b->a, 10000), ERR_FULL);
    assert_int_equal(ask(b, &b->a, 100), ERR_AGAIN);
    assert_int_equal(ask(b, &b->b, 10000), ERR_AGAIN);
    b->a.link.is_relay = true; /* which has many clients */
    assert_int_equal(ask(b, &b->a, 10000), ERR_AGAIN);
    b->all.octets -= PENDING_AUTHS_OCTETS / 2;
}

static void all_links_together_have_a_bound(void **state)
{
    struct bench *b = *state;

    b->all.n = PENDING_AUTHS_MAX - 1;
    assert_int_equal(ask(b, &b->a, 10), ERR_AGAIN);
    assert_int_equal(ask(b, &b->b, 10), ERR_FULL);
    b->all.n = 1;
    b->all.octets += PENDING_AUTHS_OCTETS - 2000;
    assert_int_equal(ask(b, &b->b, 5000), ERR_FULL);
    b->all.octets -= PENDING_AUTHS_OCTETS - 2000;
}

static void without_memory_nothing_waits(void **state)
{
    struct bench *b = *state;

    oom_arm(1);
    assert_int_equal(ask(b, &b->a, 10), ERR_NOMEM);
    assert_true(oom_disarm());
    assert_int_equal(b->all.n, 0);
    assert_int_equal(b->asker.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sixteen_of_a_client_may_wait_however_large),
        TEST(a_client_may_have_some_octets_when_many_wait),
        TEST(all_links_together_have_a_bound),
        TEST(without_memory_nothing_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
