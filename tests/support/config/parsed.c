/* SPDX-License-Identifier: BSD-2-Clause */
#include "parsed.h"

#include <stdio.h>

#include "cmocka_all.h"
#include "config_load.h"
#include "err.h"

struct config *parsed(struct faults *f, const char *text)
{
    struct config *c = NULL;
    int err;

    memset(f, 0, sizeof *f);
    err = config_parse(&c, "test.conf", span_str(text), faults_add, f);
    assert_int_equal(err, f->count ? ERR_CONFIG : 0);
    assert_true((c == NULL) == (f->count > 0));
    return c;
}

struct config *parsed_good(const char *text)
{
    struct faults f;
    struct config *c = parsed(&f, text);

    assert_string_equal(f.text, "");
    return c;
}

void parsed_bad(const char *text, const char *faults)
{
    struct faults f;

    assert_null(parsed(&f, text));
    assert_string_equal(f.text, faults);
}

char *parsed_dump(const struct config *c)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    assert_int_equal(config_dump(c, f), 0);
    assert_int_equal(fclose(f), 0);
    return text;
}
