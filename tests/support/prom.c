/* SPDX-License-Identifier: BSD-2-Clause */
#include "prom.h"

#include <math.h>
#include <stdarg.h>

enum { FAMILIES_MAX = 256, SAMPLES_MAX = 2048 };

struct family {
    struct span name, type;
};

struct sample {
    const struct family *family;
    struct span series; /* name and labels */
    struct span name;
    double value;
};

struct prom {
    char *text;
    struct family families[FAMILIES_MAX];
    size_t n_families;
    struct sample samples[SAMPLES_MAX];
    size_t n_samples;
    unsigned line;
    char *why;
};

__attribute__((format(printf, 2, 3))) static bool wrong(struct prom *p,
                                                        const char *fmt, ...)
{
    int n = snprintf(p->why, PROM_WHY_MAX, "line %u: ", p->line);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p->why + n, PROM_WHY_MAX - (size_t)n, fmt, ap);
    va_end(ap);
    return false;
}

static bool ends(struct span s, struct span tail)
{
    return s.n >= tail.n && span_eq(span_from(s, s.n - tail.n), tail);
}

/* --- names --- */

static bool is_name(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!(c >= 'a' && c <= 'z') && c != '_' && !(i && char_is_digit(c)))
            return false;
    }
    return s.n > 0;
}

/* Words that promtool does not want between the underscores: other units than
 * the base ones, and types. */
static bool has_bad_word(struct span name)
{
    static const char *const words[] = {
        "ms",      "milliseconds", "us",    "microseconds", "minutes",
        "hours",   "days",         "kb",    "kilobytes",    "octets",
        "percent", "counter",      "gauge", "histogram",    "summary",
        "msecs",   "secs",         "bits",  "celsius",
    };

    while (name.n) {
        struct span word = span_cut(&name, '_');

        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (span_eq(word, span_str(words[i])))
                return true;
    }
    return false;
}

static bool check_family_name(struct prom *p, const struct family *f)
{
    static const char *const reserved[] = {"_total", "_sum", "_count",
                                           "_bucket"};
    bool is_counter = span_eq(f->type, SPAN("counter"));

    if (!is_name(f->name) || has_bad_word(f->name))
        return wrong(p, "bad name %.*s", SPAN_ARG(f->name));
    if (is_counter)
        return ends(f->name, SPAN("_total")) ||
               wrong(p, "a counter without _total");
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (ends(f->name, span_str(reserved[i])))
            return wrong(p, "%s does not fit the type", reserved[i]);
    return true;
}

/* --- the two lines of a family --- */

static bool begin_family(struct prom *p, struct span name)
{
    for (size_t i = 0; i < p->n_families; i++)
        if (span_eq(p->families[i].name, name))
            return wrong(p, "a family twice");
    if (p->n_families == FAMILIES_MAX)
        return wrong(p, "too many families");
    p->families[p->n_families++] = (struct family){.name = name};
    return true;
}

static bool take_comment(struct prom *p, struct span line)
{
    struct span rest = line, hash = span_cut(&rest, ' '),
                what = span_cut(&rest, ' '), name = span_cut(&rest, ' ');
    struct family *last =
        p->n_families ? &p->families[p->n_families - 1] : NULL;

    (void)hash;
    if (last && last->type.n == 0 &&
        (!span_eq(what, SPAN("TYPE")) || !span_eq(last->name, name)))
        return wrong(p, "HELP without its TYPE");
    if (span_eq(what, SPAN("HELP"))) {
        if (rest.n == 0 || rest.p[rest.n - 1] != '.' ||
            span_find(rest, '\\') < rest.n)
            return wrong(p, "help that is no sentence");
        return begin_family(p, name);
    }
    if (!span_eq(what, SPAN("TYPE")) || !last || last->type.n)
        return wrong(p, "TYPE without its HELP");
    last->type = rest;
    if (!span_eq(rest, SPAN("counter")) && !span_eq(rest, SPAN("gauge")) &&
        !span_eq(rest, SPAN("histogram")))
        return wrong(p, "unknown type");
    return check_family_name(p, last);
}

/* --- samples --- */

/* `"..."`: with what it takes escaped; how long it is, or 0. */
static size_t quoted(struct span s)
{
    if (s.n < 2 || s.p[0] != '"')
        return 0;
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '"')
            return i + 1;
        if (s.p[i] == '\\' &&
            (++i == s.n || !strchr("\\\"n", s.p[i]) || !s.p[i]))
            return 0;
    }
    return 0;
}

/* `{a="b",c="d"}`: how long it is, 0 for none, or -1. */
static int labels(struct span s, bool *has_le)
{
    size_t at = 1;

    *has_le = false;
    if (s.n == 0 || s.p[0] != '{')
        return 0;
    for (;;) {
        struct span rest = span_from(s, at);
        size_t equals = span_find(rest, '='), n;
        struct span name = span_of(rest.p, equals);

        if (equals == rest.n || !is_name(name) || span_starts(name, SPAN("__")))
            return -1;
        *has_le |= span_eq(name, SPAN("le"));
        n = quoted(span_from(rest, equals + 1));
        at += equals + 1 + n;
        if (n == 0 || at == s.n)
            return -1;
        if (s.p[at] == '}')
            return (int)at + 1;
        if (s.p[at++] != ',')
            return -1;
    }
}

static bool is_value(double *out, struct span s)
{
    char text[64], *end;

    if (s.n == 0 || s.n >= sizeof text || s.p[0] == ' ')
        return false;
    if (span_eq(s, SPAN("+Inf"))) {
        *out = INFINITY;
        return true;
    }
    span_copy(text, sizeof text, s);
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

/* Which of the family's names is it: "" or a suffix of a histogram? */
static bool is_of(const struct family *f, struct span name, bool has_le)
{
    struct span suffix;

    if (!span_starts(name, f->name))
        return false;
    suffix = span_from(name, f->name.n);
    if (!span_eq(f->type, SPAN("histogram")))
        return suffix.n == 0 && !has_le;
    if (span_eq(suffix, SPAN("_bucket")))
        return has_le;
    return (span_eq(suffix, SPAN("_sum")) || span_eq(suffix, SPAN("_count"))) &&
           !has_le;
}

static const struct sample *find(const struct prom *p, struct span series)
{
    for (size_t i = 0; i < p->n_samples; i++)
        if (span_eq(p->samples[i].series, series))
            return &p->samples[i];
    return NULL;
}

static bool take_sample(struct prom *p, struct span line)
{
    struct sample s = {0};
    size_t n = 0;
    bool has_le;
    int more;

    while (n < line.n && line.p[n] != '{' && line.p[n] != ' ')
        n++;
    s.name = span_of(line.p, n);
    more = labels(span_from(line, n), &has_le);
    if (!is_name(s.name) || more < 0)
        return wrong(p, "bad name or labels");
    s.series = span_of(line.p, n + (size_t)more);
    if (s.series.n == line.n || line.p[s.series.n] != ' ' ||
        !is_value(&s.value, span_from(line, s.series.n + 1)))
        return wrong(p, "bad value");
    if (p->n_families == 0)
        return wrong(p, "a sample before any family");
    s.family = &p->families[p->n_families - 1];
    if (s.family->type.n == 0 || !is_of(s.family, s.name, has_le))
        return wrong(p, "a sample outside its family");
    if (s.value < 0 && !span_eq(s.family->type, SPAN("gauge")))
        return wrong(p, "a count below 0");
    if (find(p, s.series))
        return wrong(p, "a sample twice");
    if (p->n_samples == SAMPLES_MAX)
        return wrong(p, "too many samples");
    p->samples[p->n_samples++] = s;
    return true;
}

/* --- histograms, which have no labels of their own here --- */

static bool bound_of(double *out, const struct sample *s)
{
    struct span head = SPAN("_bucket{le=\""), rest;

    rest = span_from(s->series, s->family->name.n);
    if (!span_starts(rest, head) || !ends(rest, SPAN("\"}")))
        return false;
    rest = span_from(rest, head.n);
    return is_value(out, span_of(rest.p, rest.n - 2));
}

static bool check_histogram(struct prom *p, const struct family *f)
{
    double bound = -INFINITY, below = 0, count = -1, value;
    bool has_sum = false;

    for (size_t i = 0; i < p->n_samples; i++) {
        const struct sample *s = &p->samples[i];

        if (s->family != f)
            continue;
        has_sum |= ends(s->name, SPAN("_sum"));
        if (ends(s->name, SPAN("_count")))
            count = s->value;
        if (!ends(s->name, SPAN("_bucket")))
            continue;
        if (!bound_of(&value, s) || value <= bound || s->value < below)
            return wrong(p, "buckets that are not cumulative");
        bound = value;
        below = s->value;
    }
    if (!isinf(bound) || !has_sum || count != below)
        return wrong(p, "a histogram without +Inf, _sum or _count");
    return true;
}

static bool check_whole(struct prom *p)
{
    for (size_t i = 0; i < p->n_families; i++) {
        if (p->families[i].type.n == 0)
            return wrong(p, "HELP without its TYPE");
        if (span_eq(p->families[i].type, SPAN("histogram")) &&
            !check_histogram(p, &p->families[i]))
            return false;
    }
    return true;
}

/* --- the text --- */

static bool take_line(struct prom *p, struct span line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < ' ' || line.p[i] > '~')
            return wrong(p, "an octet that is not to be printed");
    return line.n && line.p[0] == '#' ? take_comment(p, line)
                                      : take_sample(p, line);
}

static bool take_all(struct prom *p, struct span text)
{
    if (text.n == 0 || text.p[text.n - 1] != '\n')
        return wrong(p, "no line feed at the end");
    while (text.n) {
        p->line++;
        if (!take_line(p, span_cut(&text, '\n')))
            return false;
    }
    return check_whole(p);
}

struct prom *prom_parse(char *why, struct span text)
{
    struct prom *p = calloc(1, sizeof *p);

    if (!p)
        abort();
    p->why = why;
    p->text = malloc(text.n + 1);
    if (!p->text)
        abort();
    span_copy(p->text, text.n + 1, text);
    if (take_all(p, span_of(p->text, text.n)))
        return p;
    prom_free(p);
    return NULL;
}

void prom_free(struct prom *p)
{
    if (!p)
        return;
    free(p->text);
    free(p);
}

/* --- questions --- */

bool prom_has(const struct prom *p, struct span name)
{
    for (size_t i = 0; i < p->n_families; i++)
        if (span_eq(p->families[i].name, name))
            return true;
    for (size_t i = 0; i < p->n_samples; i++)
        if (span_eq(p->samples[i].name, name))
            return true;
    return false;
}

bool prom_value(double *out, const struct prom *p, const char *series)
{
    const struct sample *s = find(p, span_str(series));

    if (s)
        *out = s->value;
    return s != NULL;
}

bool prom_follows(char *why, const struct prom *a, const struct prom *b)
{
    if (a->n_samples != b->n_samples) {
        snprintf(why, PROM_WHY_MAX, "%zu samples became %zu", a->n_samples,
                 b->n_samples);
        return false;
    }
    for (size_t i = 0; i < a->n_samples; i++) {
        const struct sample *before = &a->samples[i];
        const struct sample *after = find(b, before->series);
        bool may_fall = span_eq(before->family->type, SPAN("gauge"));

        if (after && (may_fall || after->value >= before->value))
            continue;
        snprintf(why, PROM_WHY_MAX, "%.*s %s", SPAN_ARG(before->series),
                 after ? "fell" : "is gone");
        return false;
    }
    return true;
}

bool prom_family(struct span *name, struct span *type, const struct prom *p,
                 size_t i)
{
    if (i >= p->n_families)
        return false;
    *name = p->families[i].name;
    *type = p->families[i].type;
    return true;
}
