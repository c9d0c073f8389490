/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_frame.h"

#include "err.h"

int ng_frame_split(struct ng_frame *out, struct span message)
{
    size_t n = span_find(message, ' ');

    if (n == 0 || n > NG_COOKIE_MAX || n == message.n)
        return ERR_SYNTAX;
    out->cookie = span_of(message.p, n);
    out->document = span_from(message, n + 1);
    return 0;
}

/* The first octet of the document says what it is. */
static int begin_document(struct ng_frame_scan *s, struct span in)
{
    struct ng_frame f;

    if (ng_frame_split(&f, in))
        return in.n > NG_COOKIE_MAX || (in.n && in.p[0] == ' ') ? ERR_NOT_FOUND
                                                                : ERR_AGAIN;
    if (f.document.n == 0)
        return ERR_AGAIN;
    s->document = f.cookie.n + 1;
    s->is_json = f.document.p[0] == '{';
    return 0;
}

int ng_frame_scan(struct ng_frame_scan *s, struct span in, size_t *n)
{
    struct span document;
    int err;

    if (!s->document) {
        err = begin_document(s, in);
        if (err)
            return err;
    }
    document = span_from(in, s->document);
    if (s->is_json)
        err = ng_json_scan(&s->json, document, NG_MESSAGE_MAX - s->document);
    else if (document.p[0] == 'd')
        err = bencode_scan(&s->bencode, document, NG_MESSAGE_MAX - s->document);
    else
        err = ERR_SYNTAX;
    if (!err)
        *n = s->document + (s->is_json ? s->json.at : s->bencode.at);
    return err;
}
