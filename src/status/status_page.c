/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_page.h"

#include <openssl/evp.h>

#include "err.h"

/* Made of the files in page/ by embed.cmake. */
extern const unsigned char status_file_html[], status_file_css[],
    status_file_js[], status_file_svg[];
extern const size_t status_file_html_n, status_file_css_n, status_file_js_n,
    status_file_svg_n;

static struct span style(void)
{
    return span_of((const char *)status_file_css, status_file_css_n);
}

static struct span script(void)
{
    return span_of((const char *)status_file_js, status_file_js_n);
}

struct span status_page_icon(void)
{
    return span_of((const char *)status_file_svg, status_file_svg_n);
}

/* --- the page --- */

static void put_part(struct text *t, struct span name, status_page_fill_fn fill,
                     void *ctx)
{
    if (span_eq(name, SPAN("css")))
        text_put(t, style());
    else if (span_eq(name, SPAN("js")))
        text_put(t, script());
    else
        fill(ctx, name, t);
}

/* Where the next place is, or the end. */
static size_t next_place(struct span s)
{
    const char *at = s.n ? memmem(s.p, s.n, "{{", 2) : NULL;

    return at ? (size_t)(at - s.p) : s.n;
}

void status_page_write(struct text *t, status_page_fill_fn fill, void *ctx)
{
    struct span rest =
        span_of((const char *)status_file_html, status_file_html_n);

    while (rest.n) {
        size_t n = next_place(rest);

        text_put(t, span_of(rest.p, n));
        rest = span_from(rest, n);
        if (rest.n) {
            rest = span_from(rest, 2);
            put_part(t, span_cut(&rest, '}'), fill, ctx);
            rest = span_from(rest, 1); /* the second brace */
        }
    }
}

/* --- what it may do --- */

/* 'sha256-...', of what stands between the tags. */
static void put_hash(struct text *t, struct span what)
{
    unsigned char hash[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned n;

    if (EVP_Digest(what.p, what.n, hash, &n, EVP_sha256(), NULL) != 1) {
        t->err = ERR_NOMEM;
        return;
    }
    EVP_EncodeBlock(base64, hash, (int)n);
    text_printf(t, " 'sha256-%s'", (const char *)base64);
}

void status_page_headers(struct text *t)
{
    text_put(t, SPAN("Content-Security-Policy: default-src 'none'; "
                     "connect-src 'self'; img-src 'self'; style-src"));
    put_hash(t, style());
    text_put(t, SPAN("; script-src"));
    put_hash(t, script());
    text_put(t, SPAN("; base-uri 'none'; form-action 'none'; "
                     "frame-ancestors 'none'\r\n"
                     "Referrer-Policy: no-referrer\r\n"
                     "Cross-Origin-Resource-Policy: same-origin\r\n"));
}
