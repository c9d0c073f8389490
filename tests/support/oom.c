/* SPDX-License-Identifier: BSD-2-Clause */
#include "oom.h"

#include "cmocka_all.h"
#include "err.h"

/* The linker's --wrap fixes these names and leaves no room for a context: this
 * is the one place with state of its own. */
static unsigned countdown;
static bool always;
static bool failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static bool fails(void)
{
    if (!always && (countdown == 0 || --countdown > 0))
        return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : __real_strndup(s, n);
}

void oom_arm(unsigned n)
{
    countdown = n;
    always = failed = false;
}

void oom_arm_all(void)
{
    countdown = 0;
    always = true;
    failed = false;
}

bool oom_disarm(void)
{
    countdown = 0;
    always = false;
    return failed;
}

unsigned oom_sweep(oom_attempt_fn attempt, void *ctx)
{
    for (unsigned n = 1;; n++) {
        int err;

        oom_arm(n);
        err = attempt(ctx);
        if (!oom_disarm()) {
            assert_int_equal(err, 0);
            return n - 1;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}
