/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration: it has faults with places, or a dump that reads as the same
 * dump. */
#include "config.h"

#include "config_load.h"
#include "config_value.h"
#include "err.h"
#include "fuzz.h"

/* At a syntax error libconfig 1.5 loses the string that it has at hand. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static void count_fault(void *ctx, struct config_place place, const char *what)
{
    size_t *faults = ctx;

    assert(place.file && place.line > 0);
    assert(what && *what);
    ++*faults;
}

/* Relative names of included files begin where nothing is. */
static struct config *parse(struct span text)
{
    struct config *c = NULL;
    size_t faults = 0;
    int err =
        config_parse(&c, "/nowhere/fuzz.conf", text, count_fault, &faults);

    assert(err == (faults ? ERR_CONFIG : 0));
    return err ? NULL : c;
}

static char *dump(const struct config *c, size_t *n)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, n);
    int err;

    assert(f);
    err = config_dump(c, f);
    assert(!err);
    err = fclose(f);
    assert(!err);
    return text;
}

static void check_round_trip(const struct config *c)
{
    size_t n, again_n;
    char *text = dump(c, &n);
    struct config *again = parse(span_of(text, n));
    char *again_text;

    assert(again);
    again_text = dump(again, &again_n);
    assert(n == again_n && memcmp(text, again_text, n) == 0);
    free(text);
    free(again_text);
    config_free(again);
}

/* Would it open files of the machine that runs this? */
static bool is_bold(const uint8_t *data, size_t n)
{
    return (memmem(data, n, "@include", 8) && memmem(data, n, "\"/", 2)) ||
           memmem(data, n, "@file:", 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text;
    struct config *c;

    if (is_bold(data, n))
        return 0;
    text = fuzz_copy(data, n);
    c = parse(text);
    if (c) {
        assert(c->listen.n > 0);
        assert(c->send.low_water < c->send.high_water);
        assert(config_value_is_host(span_str(c->relay.name)));
        check_round_trip(c);
        config_free(c);
    }
    fuzz_free(text);
    return 0;
}
