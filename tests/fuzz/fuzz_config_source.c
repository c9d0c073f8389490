/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a configuration and of a file that it may include, a.conf, behind
 * the first NUL octet: every line has its place, and the parts are the whole.
 */
#include "config_source.h"

#include <stdio.h>
#include <unistd.h>

#include "config_load.h"
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

static void write_file(const char *path, struct span text)
{
    FILE *f = fopen(path, "we");
    int err;

    assert(f);
    assert(fwrite(text.p, 1, text.n, f) == text.n);
    err = fclose(f);
    assert(!err);
}

static size_t count_lines(struct span text)
{
    size_t n = 0;

    while (text.n) {
        (void)span_cut(&text, '\n');
        n++;
    }
    return n;
}

/* The parts are the text, one after the other, and so are their lines. */
static void check_parts(const struct config_source *s)
{
    size_t at = 0, line = 0;

    assert(s->n_parts > 0);
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct config_source_part *p = &s->parts[i];
        struct config_place place = config_source_place(s, i, 1);

        assert(p->at == at && p->lines_at == line);
        assert(count_lines(config_source_text(s, i)) == p->lines);
        assert(place.file && place.line > 0);
        place = config_source_place(s, i, UINT32_MAX);
        assert(place.file && place.line > 0);
        at += p->n;
        line += p->lines;
    }
    assert(at == s->n && line == s->n_lines);
}

static void check_source(const char *path, struct span text)
{
    size_t faults = 0;
    struct config_report r = {.fault = count_fault, .ctx = &faults};
    struct config_source s;
    struct config *c = NULL;
    int err = config_source_init(&s, path, &text, &r);

    assert(!err);
    check_parts(&s);
    assert(r.count == faults);
    config_source_fini(&s);
    faults = 0;
    err = config_parse(&c, path, text, count_fault, &faults);
    assert(err == (faults ? ERR_CONFIG : 0));
    config_free(c);
}

/* Would it open files of the machine that runs this? */
static bool is_bold(struct span in)
{
    return memmem(in.p, in.n, "\"/", 2) || memmem(in.p, in.n, "..", 2) ||
           memmem(in.p, in.n, "@file:", 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span rest = span_of((const char *)data, n);
    char dir[] = "/tmp/fuzz-config-XXXXXX", top[64], included[64];
    struct span text;

    if (n == 0 || is_bold(rest) || !mkdtemp(dir))
        return 0;
    (void)snprintf(top, sizeof top, "%s/top.conf", dir);
    (void)snprintf(included, sizeof included, "%s/a.conf", dir);
    text = span_cut(&rest, '\0');
    write_file(included, rest);
    text = fuzz_copy(text.p, text.n);
    check_source(top, text);
    fuzz_free(text);
    (void)unlink(included);
    (void)rmdir(dir);
    return 0;
}
