/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_source.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "file.h"

enum {
    SOURCE_MAX = 1 << 20, /* octets in one file */
    FILES_MAX = 100,
    DEPTH_MAX = 10, /* of includes, as libconfig has it */
};

/* What the octet at hand is part of, by libconfig's own rules. */
enum state { IN_CODE, IN_STRING, IN_COMMENT };

/* A file that is being read. */
struct frame {
    char *data;       /* owned; NULL for text that was given */
    struct span rest; /* what is still to come of it */
    const char *file;
    unsigned line;  /* at which `rest` begins */
    bool is_part;   /* included between settings */
    glob_t matches; /* included here, one after the other; none: zeroes */
    size_t next;    /* of them */
};

struct scan {
    struct config_source *source;
    struct config_report *report;
    enum state state;
    struct config_place comment; /* IN_COMMENT: where it begins */
    size_t open;                 /* brackets */
    char last;                   /* octet of code, blanks aside; 0: none */
    struct frame frames[DEPTH_MAX + 1];
    size_t depth;
};

/* --- arrays that grow --- */

/* Makes room for `need` items of `each` octets: 0 or ERR_NOMEM. */
static int config_source_grow(void *array, size_t *size, size_t need,
                              size_t each)
{
    void *old, *bigger;
    size_t n = *size ? *size : 64;

    while (n < need)
        n *= 2;
    if (n == *size)
        return 0;
    memcpy(&old, array, sizeof old);
    bigger = realloc(old, n * each);
    if (!bigger)
        return ERR_NOMEM;
    memcpy(array, &bigger, sizeof bigger);
    *size = n;
    return 0;
}

static int config_source_put_text(struct config_source *s, struct span text)
{
    int err = config_source_grow(&s->text, &s->size, s->n + text.n + 1, 1);

    if (err)
        return err;
    if (text.n)
        memcpy(s->text + s->n, text.p, text.n);
    s->n += text.n;
    s->text[s->n] = '\0';
    return 0;
}

static int put_place(struct config_source *s, struct config_place at)
{
    int err = config_source_grow(&s->lines, &s->lines_size, s->n_lines + 1,
                                 sizeof *s->lines);

    if (!err)
        s->lines[s->n_lines++] = at;
    return err;
}

/* Takes over `name`, which must not be NULL. */
static int put_file(struct config_source *s, char *name)
{
    int err = config_source_grow(&s->files, &s->files_size, s->n_files + 1,
                                 sizeof *s->files);

    if (err)
        free(name);
    else
        s->files[s->n_files++] = name;
    return err;
}

/* --- parts --- */

/* The text goes on with a part of its own. */
static int begin_part(struct scan *scan)
{
    struct config_source *s = scan->source;
    int err = config_source_grow(&s->parts, &s->parts_size, s->n_parts + 1,
                                 sizeof *s->parts);

    if (err)
        return err;
    s->parts[s->n_parts++] =
        (struct config_source_part){.at = s->n, .lines_at = s->n_lines};
    scan->open = 0;
    scan->last = '\0';
    return 0;
}

static void end_part(struct scan *scan)
{
    struct config_source *s = scan->source;
    struct config_source_part *p = &s->parts[s->n_parts - 1];

    p->n = s->n - p->at;
    p->lines = s->n_lines - p->lines_at;
    if (scan->state == IN_COMMENT) {
        config_report(scan->report, scan->comment,
                      "the comment is not closed: */ is missing");
        s->is_broken = true;
    }
    scan->state = IN_CODE;
}

static int next_part(struct scan *scan)
{
    end_part(scan);
    return begin_part(scan);
}

/* Is it between two settings? */
static bool is_between(const struct scan *scan)
{
    return scan->open == 0 && scan->last != '=' && scan->last != ':';
}

/* --- files --- */

static struct frame *top(struct scan *scan)
{
    return &scan->frames[scan->depth - 1];
}

static struct config_place here(struct scan *scan)
{
    return (struct config_place){top(scan)->file, top(scan)->line};
}

/* Begins a text; `data`, if not NULL, is taken over. */
static void push(struct scan *scan, const char *file, struct span text,
                 char *data)
{
    if (span_starts(text, SPAN("\xef\xbb\xbf"))) /* some editors' mark */
        text = span_from(text, 3);
    scan->frames[scan->depth++] =
        (struct frame){.data = data, .rest = text, .file = file, .line = 1};
    if (text.n && memchr(text.p, '\0', text.n)) {
        config_report(scan->report, here(scan), "NUL octet in the file");
        scan->source->is_broken = true;
    }
}

/* Begins the file, whose name is already in the list; `at` is to blame when it
 * cannot be read. */
static int push_file(struct scan *scan, const char *file,
                     struct config_place at)
{
    char *data;
    size_t n;
    int err = file_read(&data, &n, file, SOURCE_MAX);

    if (err == ERR_NOMEM)
        return err;
    if (err == ERR_LIMIT)
        config_report(scan->report, at, "%s is larger than 1 MiB", file);
    else if (err)
        config_report(scan->report, at, "cannot read %s: %s", file,
                      err_reason(err));
    if (err)
        return 0;
    push(scan, file, span_of(data, n), data);
    return 0;
}

/* --- @include --- */

static bool config_source_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t count_blanks(struct span s)
{
    size_t n = 0;

    while (n < s.n && config_source_is_blank(s.p[n]))
        n++;
    return n;
}

/* Cuts the directive off the front of *line, up to its opening quote. */
static bool cut_include(struct span *line)
{
    struct span s = span_from(*line, count_blanks(*line));
    size_t blanks;

    if (!span_starts(s, SPAN("@include")))
        return false;
    s = span_from(s, strlen("@include"));
    blanks = count_blanks(s);
    if (blanks == 0 || blanks == s.n || s.p[blanks] != '"')
        return false;
    *line = span_from(s, blanks + 1);
    return true;
}

/* Cuts the name and its closing quote off the front of *line, without its
 * escapes; false when there is none that ends on this line. */
static bool cut_name(char *name, size_t size, struct span *line)
{
    size_t len = 0;

    for (size_t i = 0; i < line->n && len + 1 < size; i++) {
        if (line->p[i] == '"') {
            *line = span_from(*line, i + 1);
            name[len] = '\0';
            return len > 0;
        }
        if (line->p[i] == '\\' && i + 1 < line->n)
            i++;
        name[len++] = line->p[i];
    }
    return false;
}

/* The name as it is opened: a relative one begins where `from` is. */
static char *config_source_join(const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    char *full;

    if (name[0] == '/' || !slash)
        return strdup(name);
    if (asprintf(&full, "%.*s/%s", (int)(slash - from), from, name) < 0)
        return NULL;
    return full;
}

static bool is_open(const struct scan *scan, const char *file)
{
    for (size_t i = 0; i < scan->depth; i++)
        if (strcmp(scan->frames[i].file, file) == 0)
            return true;
    return false;
}

/* Begins the file, whose name is taken over. */
static int include_file(struct scan *scan, char *file)
{
    struct config_source *s = scan->source;
    struct config_place at = here(scan);
    size_t depth = scan->depth;
    bool is_part = is_between(scan);
    int err = file ? put_file(s, file) : ERR_NOMEM;

    if (err)
        return err;
    if (is_open(scan, file))
        config_report(scan->report, at, "%s includes itself", file);
    else if (scan->depth > DEPTH_MAX)
        config_report(scan->report, at, "files are included more than %d deep",
                      DEPTH_MAX);
    else if (s->n_files > FILES_MAX)
        config_report(scan->report, at, "more than %d files", FILES_MAX);
    else
        err = push_file(scan, file, at);
    s->lacks_file |= scan->depth == depth;
    if (err || scan->depth == depth || !is_part)
        return err;
    top(scan)->is_part = true;
    return next_part(scan);
}

/* Finds the files that a pattern means, in the order of their names. None is no
 * fault: a directory for additions may be empty. */
static int include_matches(struct scan *scan, const char *pattern)
{
    struct frame *f = top(scan);

    globfree(&f->matches);
    f->next = 0;
    f->matches = (glob_t){0};
    switch (glob(pattern, 0, NULL, &f->matches)) {
    case 0:
    case GLOB_NOMATCH:
        return 0;
    case GLOB_NOSPACE:
        return ERR_NOMEM;
    default:
        config_report(scan->report, here(scan), "cannot read %s: %s", pattern,
                      strerror(errno));
        scan->source->lacks_file = true;
        return 0;
    }
}

/* Begins what is included at the place we are. */
static int include(struct scan *scan, const char *name)
{
    char *file = config_source_join(here(scan).file, name);
    int err;

    if (!file || !strpbrk(name, "*?["))
        return include_file(scan, file);
    err = include_matches(scan, file);
    free(file);
    return err;
}

/* --- lines --- */

/* The length of a number's fraction and exponent at the front of s. */
static size_t fraction_run(struct span s)
{
    size_t n = 0;

    for (; n < s.n; n++) {
        bool is_sign = s.p[n] == '-' || s.p[n] == '+';

        if (is_sign ? n == 0 || char_lower(s.p[n - 1]) != 'e'
                    : !char_is_digit(s.p[n]) && s.p[n] != '.' &&
                          char_lower(s.p[n]) != 'e')
            break;
    }
    return n;
}

/* The length of the number at the front of s; *is_wide when it is an integer
 * that libconfig would wrap to 32 bits. */
static size_t number_run(struct span s, bool *is_wide)
{
    bool is_hex = s.n > 2 && s.p[0] == '0' && char_lower(s.p[1]) == 'x';
    int base = is_hex ? 16 : 10;
    size_t n = is_hex ? 2 : 0;
    size_t fraction;
    uint64_t value = 0;

    for (; n < s.n; n++) {
        int digit = char_hex(s.p[n]);

        if (digit < 0 || digit >= base)
            break;
        value = value * (uint64_t)base + (uint64_t)digit;
        if (value > INT32_MAX)
            value = (uint64_t)INT32_MAX + 1; /* enough to know */
    }
    fraction = fraction_run(span_from(s, n));
    *is_wide =
        value > INT32_MAX && fraction == 0 && (n == s.n || s.p[n] != 'L');
    return n + fraction;
}

static bool config_source_is_name(char c)
{
    return char_is_alpha(c) || char_is_digit(c) || c == '_' || c == '-' ||
           c == '*';
}

/* Keeps what is_between() asks for. */
static void note_code(struct scan *scan, struct span s)
{
    if (config_source_is_blank(s.p[0]) || s.p[0] == '\r' || s.p[0] == '#' ||
        span_starts(s, SPAN("//")) || span_starts(s, SPAN("/*")))
        return;
    scan->last = s.p[0];
    if (strchr("{([", s.p[0]))
        scan->open++;
    else if (strchr("})]", s.p[0]) && scan->open > 0)
        scan->open--;
}

/* The length of the piece at the front of s, which is code; keeps the state. */
static size_t code_run(struct scan *scan, struct span s, bool *is_wide)
{
    size_t n = 1;

    note_code(scan, s);
    if (s.p[0] == '"') {
        scan->state = IN_STRING;
    } else if (span_starts(s, SPAN("/*"))) {
        scan->state = IN_COMMENT;
        scan->comment = here(scan);
        n = 2;
    } else if (s.p[0] == '#' || span_starts(s, SPAN("//"))) {
        n = s.n;
    } else if (char_is_digit(s.p[0])) {
        n = number_run(s, is_wide);
    } else if (s.p[0] == '.') { /* its digits are no integer */
        n = fraction_run(s);
    } else if (config_source_is_name(s.p[0]) && s.p[0] != '-') {
        while (n < s.n && config_source_is_name(s.p[n]))
            n++;
    }
    return n;
}

static size_t config_source_run(struct scan *scan, struct span s, bool *is_wide)
{
    switch (scan->state) {
    case IN_CODE:
        return code_run(scan, s, is_wide);
    case IN_STRING:
        if (s.p[0] == '"')
            scan->state = IN_CODE;
        if (s.p[0] == '\\' && s.n > 1 && (s.p[1] == '"' || s.p[1] == '\\'))
            return 2;
        return 1;
    case IN_COMMENT:
        if (!span_starts(s, SPAN("*/")))
            return 1;
        scan->state = IN_CODE;
        return 2;
    }
    return s.n;
}

/* Appends a line, without its end, with every wide integer marked as one. */
static int put_line(struct scan *scan, struct span line)
{
    struct config_source *s = scan->source;
    int err = put_place(s, here(scan));

    while (!err && line.n) {
        bool is_wide = false;
        size_t n = config_source_run(scan, line, &is_wide);

        err = config_source_put_text(s, span_of(line.p, n));
        if (!err && is_wide)
            err = config_source_put_text(s, SPAN("L"));
        line = span_from(line, n);
    }
    return err ? err : config_source_put_text(s, SPAN("\n"));
}

/* Takes the next line of the file on top. */
static int config_source_take_line(struct scan *scan)
{
    struct frame *f = top(scan);
    size_t n = span_find(f->rest, '\n');
    struct span line = span_of(f->rest.p, n);
    char name[PATH_MAX];
    int err;

    if (scan->state == IN_CODE && cut_include(&line)) {
        if (cut_name(name, sizeof name, &line)) {
            f->rest = span_from(f->rest, (size_t)(line.p - f->rest.p));
            return include(scan, name);
        }
        config_report(scan->report, here(scan),
                      "@include needs a quoted file name");
        scan->source->lacks_file = true;
        line.n = 0;
    }
    err = put_line(scan, line);
    f->rest = span_from(f->rest, n + (n < f->rest.n));
    f->line++;
    return err;
}

static int pop(struct scan *scan)
{
    bool is_part = top(scan)->is_part;

    globfree(&top(scan)->matches);
    free(top(scan)->data);
    scan->depth--;
    return is_part ? next_part(scan) : 0;
}

/* Does one step with the file on top. */
static int config_source_step(struct scan *scan)
{
    struct frame *f = top(scan);

    if (f->next < f->matches.gl_pathc)
        return include_file(scan, strdup(f->matches.gl_pathv[f->next++]));
    return f->rest.n ? config_source_take_line(scan) : pop(scan);
}

/* --- public --- */

int config_source_init(struct config_source *s, const char *path,
                       const struct span *text, struct config_report *r)
{
    struct scan scan = {.source = s, .report = r};
    char *name = strdup(path);
    int err;

    memset(s, 0, sizeof *s);
    err = name ? put_file(s, name) : ERR_NOMEM;
    if (!err && text)
        push(&scan, name, *text, NULL);
    else if (!err)
        err = push_file(&scan, name, (struct config_place){name, 1});
    s->is_broken |= scan.depth == 0;
    if (!err)
        err = config_source_put_text(s, SPAN(""));
    if (!err)
        err = begin_part(&scan);
    while (!err && scan.depth > 0)
        err = config_source_step(&scan);
    while (scan.depth > 0) {
        top(&scan)->is_part = false;
        (void)pop(&scan);
    }
    if (!err)
        end_part(&scan);
    return err;
}

void config_source_fini(struct config_source *s)
{
    for (size_t i = 0; i < s->n_files; i++)
        free(s->files[i]);
    free(s->files);
    free(s->lines);
    free(s->parts);
    free(s->text);
    memset(s, 0, sizeof *s);
}

struct config_place config_source_at(const struct config_source *s,
                                     unsigned line)
{
    if (line > s->n_lines)
        line = (unsigned)s->n_lines;
    if (line >= 1)
        return s->lines[line - 1];
    return (struct config_place){s->files[0], 1};
}

struct config_place config_source_place(const struct config_source *s,
                                        size_t part, unsigned line)
{
    const struct config_source_part *p = &s->parts[part];

    if (line > p->lines)
        line = (unsigned)p->lines;
    return config_source_at(s, (unsigned)p->lines_at + line);
}

struct span config_source_text(const struct config_source *s, size_t part)
{
    return span_of(s->text + s->parts[part].at, s->parts[part].n);
}
