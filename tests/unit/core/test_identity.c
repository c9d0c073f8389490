/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "fake_link.h"
#include "host_names.h"
#include "texts.h"

/* Every combination of what a link is and what it is asked to carry, as a word:
 *
 *     A accepted, D dialled for the URI, d dialled for another port
 *     T over TLS, C in clear
 *     N certificate that names the host, O one that names another, - none,
 *     L none, from relays.addresses, and it calls itself so
 *     s msrps, p msrp
 *     1 the last of its path, + more behind it, or a relay
 *     b who speaks as the URI was first to do so here, - not so */
static const char *const all[] = {"ADd", "TC", "NO-L", "sp", "1+", "b-"};

/* What may be carried (S-1). All else may not. */
static const char *const allowed[] = {
    /* (c): bound here, of whatever certificate; msrps needs TLS (a). */
    "ATNs1b", "ATOs1b", "AT-s1b", "ATLs1b", "ATNp1b", "ATOp1b", "AT-p1b",
    "ATLp1b", "ACNp1b", "ACOp1b", "AC-p1b", "ACLp1b", "DTNs1b", "DTOs1b",
    "DT-s1b", "DTLs1b", "DTNp1b", "DTOp1b", "DT-p1b", "DTLp1b", "DCNp1b",
    "DCOp1b", "DC-p1b", "DCLp1b", "dTNs1b", "dTOs1b", "dT-s1b", "dTLs1b",
    "dTNp1b", "dTOp1b", "dT-p1b", "dTLp1b", "dCNp1b", "dCOp1b", "dC-p1b",
    "dCLp1b",
    /* (d): dialled for just this, over what the scheme says. */
    "DTNs1-", "DTOs1-", "DT-s1-", "DTLs1-", "DCNp1-", "DCOp1-", "DC-p1-",
    "DCLp1-",
    /* (b): a relay that has proved its name, or is known by its address. */
    "ATNs+b", "ATNs+-", "ATNp+b", "ATNp+-", "DTNs+b", "DTNs+-", "DTNp+b",
    "DTNp+-", "dTNs+b", "dTNs+-", "dTNp+b", "dTNp+-", "ATLs+b", "ATLs+-",
    "ATLp+b", "ATLp+-", "DTLs+b", "DTLs+-", "DTLp+b", "DTLp+-", "dTLs+b",
    "dTLs+-", "dTLp+b", "dTLp+-", "ACLp+b", "ACLp+-", "DCLp+b", "DCLp+-",
    "dCLp+b", "dCLp+-",
    /* No clear link has a certificate; if one had, it would name its host. */
    "ACNp+b", "ACNp+-", "DCNp+b", "DCNp+-", "dCNp+b", "dCNp+-"};

static bool is_allowed(const char *word)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strcmp(allowed[i], word) == 0)
            return true;
    return false;
}

static bool may_carry(const char *word)
{
    const struct policy policy = {.relay_names = NULL};
    const struct uri u = uri_of(word[3] == 's' ? "msrps://r.example:1/x;tcp"
                                               : "msrp://r.example:1/x;tcp");
    const struct identity_use use = {word[4] == '+', word[5] == 'b'};
    struct fake_link f;
    bool may;

    fake_link_init(&f, 1);
    f.link.secure = word[1] == 'T';
    if (word[0] != 'A') {
        f.link.host = SPAN("R.example");
        f.link.host_port = word[0] == 'D' ? 1 : 2;
    }
    if (word[2] == 'N' || word[2] == 'O')
        fake_link_certify(&f, word[2] == 'N' ? "r.example" : "other.example");
    f.link.by_address = word[2] == 'L';
    f.link.is_relay = identity_is_relay(&f.link, &policy);
    if (word[2] == 'L') {
        f.link.relay_links.claimed = host_names_new();
        assert_non_null(f.link.relay_links.claimed);
        assert_int_equal(
            host_names_add(f.link.relay_links.claimed, SPAN("r.example")), 0);
    }
    may = identity_may_carry(&f.link, &policy, &u, use);
    host_names_free(f.link.relay_links.claimed);
    fake_link_fini(&f);
    return may;
}

/* Counts through all words, as a number whose digits are the letters. */
static bool next_word(char *word, size_t *at)
{
    for (size_t i = 0; i < 6; i++) {
        at[i]++;
        if (!all[i][at[i]])
            at[i] = 0;
        word[i] = all[i][at[i]];
        if (at[i])
            return true;
    }
    return false;
}

static void every_combination_is_judged(void **state)
{
    char word[] = "ATNs1b";
    size_t at[6] = {0}, n = 0, yes = 0;

    (void)state;
    do {
        bool may = may_carry(word);

        n++;
        yes += may;
        if (may != is_allowed(word))
            fail_msg("%s is %scarried", word, may ? "" : "not ");
    } while (next_word(word, at));
    assert_int_equal(n, 3 * 2 * 4 * 2 * 2 * 2);
    assert_int_equal(yes, sizeof allowed / sizeof *allowed);
}

/* What is still being dialled proves its host before an octet leaves. */
static void a_link_that_is_connecting_may_be_waited_for(void **state)
{
    const struct policy policy = {.relay_names = NULL};
    const struct uri u = uri_of("msrps://r.example:1/x;tcp");
    const struct uri other = uri_of("msrps://s.example:1/x;tcp");
    const struct identity_use use = {.as_relay = true};
    struct fake_link f;

    (void)state;
    fake_link_init(&f, 1);
    f.link.host = SPAN("r.example");
    f.link.host_port = 1;
    assert_false(identity_may_carry(&f.link, &policy, &u, use));
    f.link.connecting = true;
    assert_true(identity_may_carry(&f.link, &policy, &u, use));
    assert_false(identity_may_carry(&f.link, &policy, &other, use));
    fake_link_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_is_judged),
        cmocka_unit_test(a_link_that_is_connecting_may_be_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
