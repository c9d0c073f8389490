/* SPDX-License-Identifier: BSD-2-Clause */
#include "msg.h"

#include "err.h"

enum { IS_TOKEN = 1, IS_UPPER = 2, IS_DIGIT = 4, IS_ALPHA = 8, IS_EQUALS = 16 };

/* RFC 4975, 9: token is 21, 23-27, 2A-2B, 2D-2E, 30-39, 41-5A, 5E-7E. */
static const unsigned char char_class[256] = {
    ['!'] = IS_TOKEN,
    ['#'] = IS_TOKEN,
    ['$'] = IS_TOKEN,
    ['%'] = IS_TOKEN,
    ['&'] = IS_TOKEN,
    ['\''] = IS_TOKEN,
    ['*'] = IS_TOKEN,
    ['+'] = IS_TOKEN,
    ['-'] = IS_TOKEN,
    ['='] = IS_EQUALS,
    ['.'] = IS_TOKEN,
    ['^'] = IS_TOKEN,
    ['_'] = IS_TOKEN,
    ['`'] = IS_TOKEN,
    ['{'] = IS_TOKEN,
    ['|'] = IS_TOKEN,
    ['}'] = IS_TOKEN,
    ['~'] = IS_TOKEN,
    ['0' ... '9'] = IS_TOKEN | IS_DIGIT,
    ['A' ... 'Z'] = IS_TOKEN | IS_UPPER | IS_ALPHA,
    ['a' ... 'z'] = IS_TOKEN | IS_ALPHA,
};

static bool is_class(char c, int class)
{
    return char_class[(unsigned char)c] & class;
}

/* How many octets at the front are of the class. Inline, since a class that is
 * known saves half of the instructions. */
__attribute__((always_inline)) static inline size_t class_len(struct span s,
                                                              int class)
{
    const char *p = s.p, *end = s.p + s.n;

    while (end - p >= 4 && is_class(p[0], class) && is_class(p[1], class) &&
           is_class(p[2], class) && is_class(p[3], class))
        p += 4;
    while (p < end && is_class(*p, class))
        p++;
    return (size_t)(p - s.p);
}

/* ... an ident may have. */
static size_t ident_len(struct span s)
{
    return class_len(s, IS_TOKEN | IS_EQUALS);
}

bool msg_is_ident(struct span s)
{
    return s.n > 0 && s.n <= MSG_TID_MAX && ident_len(s) == s.n;
}

/* The tid in a start line: empty if it does not begin with `MSRP tid `. */
static struct span tid_of(struct span line)
{
    const struct span magic = SPAN("MSRP ");
    size_t n;

    if (!span_starts(line, magic))
        return SPAN("");
    line = span_from(line, magic.n);
    n = ident_len(line);
    return n <= MSG_TID_MAX && n < line.n && line.p[n] == ' '
               ? span_of(line.p, n)
               : SPAN("");
}

static struct slice slice_of(const struct msg *m, struct span s)
{
    return (struct slice){(uint32_t)(s.p - m->base), (uint32_t)s.n};
}

static void set_fault(struct msg *m, enum msg_fault fault)
{
    if (m->fault == MSG_FAULT_NONE)
        m->fault = fault;
}

bool msg_path_next(struct span *uri, struct span *path)
{
    while (path->n > 0 && path->p[0] == ' ')
        *path = span_from(*path, 1);
    if (path->n == 0)
        return false;
    *uri = span_cut(path, ' ');
    return true;
}

/* Splits a path value into URIs as text; what they say is for uri_parse(). */
static void read_path(struct msg *m, struct slice *all, struct slice *first,
                      uint16_t *count, struct span value, unsigned path_uris)
{
    struct span path = value, uri;

    *count = 0;
    while (value.n > 0 && value.p[value.n - 1] == ' ')
        value.n--;
    while (msg_path_next(&uri, &path)) {
        if (*count == 0) {
            *first = slice_of(m, uri);
            *all = slice_of(
                m, span_of(uri.p, value.n - (size_t)(uri.p - value.p)));
        }
        if (++*count > path_uris) {
            set_fault(m, MSG_FAULT_PATH_LONG);
            return;
        }
    }
    if (*count == 0)
        set_fault(m, MSG_FAULT_PATH);
}

/* Takes a number off the front of *rest. */
static bool take_number(uint64_t *out, struct span *rest)
{
    size_t n = class_len(*rest, IS_DIGIT);

    if (span_u64(out, span_of(rest->p, n), MSG_RANGE_MAX) != 0)
        return false;
    *rest = span_from(*rest, n);
    return true;
}

static bool take_octet(struct span *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c)
        return false;
    *rest = span_from(*rest, 1);
    return true;
}

static bool take_number_or_star(uint64_t *out, struct span *rest)
{
    if (!take_octet(rest, '*'))
        return take_number(out, rest);
    *out = MSG_STAR;
    return true;
}

/* start "-" (end / "*") "/" (total / "*"), and start >= 1, end >= start - 1,
 * end <= total. */
static void read_range(struct msg *m, struct span value)
{
    if (!take_number(&m->range_start, &value) || !take_octet(&value, '-') ||
        !take_number_or_star(&m->range_end, &value) ||
        !take_octet(&value, '/') ||
        !take_number_or_star(&m->range_total, &value) || value.n > 0 ||
        m->range_start < 1 ||
        (m->range_end != MSG_STAR && m->range_end + 1 < m->range_start) ||
        (m->range_end != MSG_STAR && m->range_total != MSG_STAR &&
         m->range_end > m->range_total))
        set_fault(m, MSG_FAULT_RANGE);
}

static void read_reporting(struct msg *m, enum msg_report *out,
                           struct span value, bool partial)
{
    if (span_ieq(value, SPAN("yes")))
        *out = MSG_REPORT_YES;
    else if (span_ieq(value, SPAN("no")))
        *out = MSG_REPORT_NO;
    else if (partial && span_ieq(value, SPAN("partial")))
        *out = MSG_REPORT_PARTIAL;
    else
        set_fault(m, MSG_FAULT_REPORTING);
}

static bool all_digits(struct span s)
{
    return class_len(s, IS_DIGIT) == s.n;
}

/* namespace SP code [SP comment], both of three digits. */
static bool status_is_valid(struct span s)
{
    return s.n >= 7 && all_digits(span_of(s.p, 3)) && s.p[3] == ' ' &&
           all_digits(span_of(s.p + 4, 3)) && (s.n == 7 || s.p[7] == ' ');
}

static void once(struct msg *m, bool *seen)
{
    if (*seen)
        set_fault(m, MSG_FAULT_DUPLICATE);
    *seen = true;
}

static void read_paths(struct msg *m, const struct msg_reader *r,
                       const struct head_line *line, bool is_to,
                       struct span value)
{
    struct slice *all = is_to ? &m->to : &m->from;

    if (r->lines != (is_to ? 1 : 2))
        set_fault(m, MSG_FAULT_PATH);
    if (line->has_other)
        set_fault(m, MSG_FAULT_PATH);
    else if (all->n == 0)
        read_path(m, all, is_to ? &m->to_first : &m->from_first,
                  is_to ? &m->n_to : &m->n_from, value, r->path_uris);
}

static void read_header(struct msg *m, struct msg_reader *r,
                        const struct head_line *line, struct span name,
                        struct span value)
{
    bool seen;

    if (r->content_type)
        set_fault(m, MSG_FAULT_BODY); /* M-4 */
    switch (name.n) {
    case 6:
        if (!span_ieq(name, SPAN("Status")) || m->method != MSG_REPORT)
            break;
        seen = m->status.n != 0;
        once(m, &seen);
        m->status = slice_of(m, value);
        if (!status_is_valid(value))
            set_fault(m, MSG_FAULT_STATUS);
        break;
    case 7:
        if (span_ieq(name, SPAN("To-Path")))
            read_paths(m, r, line, true, value);
        break;
    case 9:
        if (span_ieq(name, SPAN("From-Path")))
            read_paths(m, r, line, false, value);
        break;
    case 10:
        if (span_ieq(name, SPAN("Message-ID"))) {
            seen = m->message_id.n != 0;
            once(m, &seen);
            m->message_id = slice_of(m, value);
            if (!msg_is_ident(value))
                set_fault(m, MSG_FAULT_MESSAGE_ID);
        } else if (span_ieq(name, SPAN("Byte-Range"))) {
            once(m, &m->has_range);
            read_range(m, value);
            m->range_line =
                slice_of(m, span_of(line->text.p, line->text.n + 2));
        }
        break;
    case 12:
        if (span_ieq(name, SPAN("Content-Type")))
            r->content_type = true;
        break;
    case 14:
        if (span_ieq(name, SPAN("Failure-Report"))) {
            once(m, &r->failure_report);
            read_reporting(m, &m->failure_report, value, true);
        } else if (span_ieq(name, SPAN("Success-Report"))) {
            once(m, &r->success_report);
            read_reporting(m, &m->success_report, value, false);
        }
        break;
    default:
        break;
    }
    if (name.n > 8 && span_ieq(span_of(name.p, 8), SPAN("Content-")))
        r->mime = true;
}

/* hname ":" SP value, with legal octets (M-5, D-7). */
static bool split_header(struct span *name, struct span *value,
                         struct span line)
{
    size_t n = class_len(line, IS_TOKEN);

    if (n == 0 || !is_class(line.p[0], IS_ALPHA) || n + 1 >= line.n ||
        line.p[n] != ':' || line.p[n + 1] != ' ')
        return false;
    *name = span_of(line.p, n);
    *value = span_from(line, n + 2);
    return true;
}

static void read_method(struct msg *m, struct span name)
{
    m->method_name = slice_of(m, name);
    m->method = span_eq(name, SPAN("SEND"))     ? MSG_SEND
                : span_eq(name, SPAN("REPORT")) ? MSG_REPORT
                : span_eq(name, SPAN("AUTH"))   ? MSG_AUTH
                                                : MSG_OTHER;
    /* A-Z, then A-Z 0-9 _ (I-13); anything else is no method (M-7). */
    for (size_t i = 0; i < name.n; i++) {
        if (!is_class(name.p[i], IS_UPPER) &&
            (i == 0 || (!is_class(name.p[i], IS_DIGIT) && name.p[i] != '_')))
            set_fault(m, MSG_FAULT_METHOD);
    }
    if (name.n == 0)
        set_fault(m, MSG_FAULT_METHOD);
}

/* `MSRP tid method` or `MSRP tid code[ comment]`: false if it is no frame at
 * all (M-1). */
static bool read_start_line(struct msg *m, struct span line)
{
    struct span tid = tid_of(line), rest, digits;
    uint64_t code;

    if (tid.n == 0)
        return false;
    m->tid = slice_of(m, tid);
    rest = span_from(line, (size_t)(tid.p - line.p) + tid.n + 1);
    if (rest.n == 0 || !is_class(rest.p[0], IS_DIGIT)) {
        read_method(m, rest);
        return true;
    }
    m->method = MSG_RESPONSE;
    m->method_name = slice_of(m, rest);
    digits = span_cut(&rest, ' ');
    if (digits.n == 3 && span_u64(&code, digits, 999) == 0 && code >= 100 &&
        head_is_text(rest))
        m->code = (uint16_t)code;
    else
        set_fault(m, MSG_FAULT_METHOD);
    return true;
}

void msg_begin(struct msg *m, struct msg_reader *r, unsigned path_uris)
{
    *m = (struct msg){.failure_report = MSG_REPORT_YES,
                      .success_report = MSG_REPORT_NO,
                      .range_start = 1,
                      .range_end = MSG_STAR,
                      .range_total = MSG_STAR};
    *r = (struct msg_reader){.path_uris = path_uris};
}

int msg_read_line(struct msg *m, struct msg_reader *r,
                  const struct head_line *line)
{
    struct span name, value;

    if (r->lines == 1)
        r->paths_at = slice_of(m, line->text).at;
    else if (r->lines == 3)
        r->rest_at = slice_of(m, line->text).at;
    if (r->lines == 0) {
        if (!line->is_whole || !read_start_line(m, line->text))
            return ERR_SYNTAX;
    } else if (line->is_text && split_header(&name, &value, line->text)) {
        read_header(m, r, line, name, value);
    } else {
        set_fault(m, MSG_FAULT_HEADER);
    }
    r->lines++;
    return 0;
}

/* What can only be judged when all headers are known. */
void msg_end(struct msg *m, const struct msg_reader *r, size_t len,
             bool has_body)
{
    m->len = (uint32_t)len;
    m->has_body = has_body;
    if (r->lines > 3)
        m->rest = (struct slice){r->rest_at,
                                 m->len - (has_body ? 2 : 0) - r->rest_at};
    if (m->to.n == 0 || m->from.n == 0)
        set_fault(m, MSG_FAULT_PATH);
    if ((m->method == MSG_SEND || m->method == MSG_REPORT) &&
        m->message_id.n == 0)
        set_fault(m, MSG_FAULT_MESSAGE_ID);
    if (m->method == MSG_REPORT && m->status.n == 0)
        set_fault(m, MSG_FAULT_STATUS);
    if (has_body ? !r->content_type : r->mime)
        set_fault(m, MSG_FAULT_BODY);
}

/* Cuts a line off the front of *rest. */
static bool next_line(struct head_line *line, struct span *rest)
{
    size_t n;

    *line = (struct head_line){.seen = 0};
    n = head_line_read(line, *rest);
    *rest = span_from(*rest, n);
    return n > 0;
}

int msg_parse(struct msg *out, struct span head, bool has_body,
              unsigned path_uris)
{
    struct span rest = head;
    struct msg_reader r;
    struct head_line line;
    struct msg m;

    msg_begin(&m, &r, path_uris);
    m.base = head.p;
    if (has_body) /* the empty line */
        rest.n -= rest.n < 2 ? rest.n : 2;
    while (next_line(&line, &rest)) {
        if (msg_read_line(&m, &r, &line) != 0)
            return ERR_SYNTAX;
    }
    if (r.lines == 0)
        return ERR_SYNTAX;
    msg_end(&m, &r, head.n, has_body);
    *out = m;
    return 0;
}

bool msg_header(struct span *value, const struct msg *m, struct span name)
{
    struct span rest = msg_text(m, m->rest), found, text;
    struct head_line line;

    while (next_line(&line, &rest)) {
        if (line.is_text && split_header(&found, &text, line.text) &&
            span_ieq(found, name)) {
            *value = text;
            return true;
        }
    }
    return false;
}

const char *msg_fault_text(enum msg_fault fault)
{
    switch (fault) {
    case MSG_FAULT_NONE:
        return "no error";
    case MSG_FAULT_METHOD:
        return "method or code malformed";
    case MSG_FAULT_PATH:
        return "To-Path or From-Path malformed";
    case MSG_FAULT_PATH_LONG:
        return "too many URIs in a path";
    case MSG_FAULT_HEADER:
        return "header malformed";
    case MSG_FAULT_DUPLICATE:
        return "header repeated";
    case MSG_FAULT_MESSAGE_ID:
        return "Message-ID missing or malformed";
    case MSG_FAULT_RANGE:
        return "Byte-Range malformed";
    case MSG_FAULT_REPORTING:
        return "report header malformed";
    case MSG_FAULT_STATUS:
        return "Status missing or malformed";
    case MSG_FAULT_BODY:
        return "MIME headers do not fit the body";
    }
    return "unknown";
}
