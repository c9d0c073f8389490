/* SPDX-License-Identifier: BSD-2-Clause */
/* What one message of another relay costs before it is routed: whether the
 * relay may call itself so, and where the way back leads, with so many such
 * links.
 *
 *     bench_links COUNT     prints JSON, nanoseconds for each
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host_names.h"
#include "relay_links.h"

enum { NAMES = 100, ROUNDS = 1000000 };

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static const struct link_ops ops = {0};

/* A link with a certificate of many names, the last of which it speaks as. */
static void certify(struct link *l, size_t number)
{
    struct host_names *names = host_names_new();
    char text[64];

    link_init(l, &ops, number);
    relay_links_link_init(l);
    l->secure = l->is_relay = true;
    for (size_t i = 0; names && i < NAMES; i++) {
        (void)snprintf(text, sizeof text, "n%zu.r%zu.example.net", i, number);
        (void)host_names_add(names, span_str(text));
    }
    l->names = names;
}

static struct uri uri_of(char *text, size_t size, size_t number)
{
    struct uri u;

    (void)snprintf(text, size, "msrps://n%d.r%zu.example.net:2855/x;tcp",
                   HOST_NAMES_MAX - 1, number);
    if (uri_parse(&u, span_str(text)) != 0)
        abort();
    return u;
}

int main(int argc, char **argv)
{
    static const uint64_t seed[2] = {1, 2};
    const struct policy policy = {.relay_names = NULL};
    size_t count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    struct link *links = calloc(count ? count : 1, sizeof *links);
    struct relay_links all;
    uint64_t from_ns;
    char text[96];
    bool ok = true;

    if (!count || !links || relay_links_init(&all, &policy, seed) != 0) {
        free(links);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < count; i++)
        certify(&links[i], i);
    from_ns = now_ns();
    for (size_t i = 0; ok && i < ROUNDS; i++) {
        size_t at = i % (count < 64 ? count : 64); /* the cache is no subject */
        struct uri u = uri_of(text, sizeof text, at);

        ok = relay_links_claim(&all, &links[at], &u) &&
             relay_links_find(&all, &u) == &links[at];
    }
    printf("{\"links\":%zu,\"message_ns\":%" PRIu64 "}\n", count,
           (now_ns() - from_ns) / ROUNDS);
    for (size_t i = 0; i < count; i++) {
        relay_links_link_closed(&all, &links[i]);
        host_names_free((struct host_names *)(uintptr_t)links[i].names);
    }
    relay_links_fini(&all);
    free(links);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
