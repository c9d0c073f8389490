/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka_all - cmocka with the headers that it wants in front, and assertions
 * for spans. */
#ifndef CMOCKA_ALL_H
#define CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "str.h"

static inline void assert_span_equal(struct span got, struct span want)
{
    assert_int_equal(got.n, want.n);
    if (want.n)
        assert_memory_equal(got.p, want.p, want.n);
}

/* The same with a string literal to compare with. */
#define assert_span(got, literal) assert_span_equal((got), SPAN(literal))

#endif
