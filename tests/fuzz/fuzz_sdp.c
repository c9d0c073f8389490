/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptions: what is read lies inside; a rewriting without edits changes
 * nothing; one with an edit for each usable section is read as it was meant,
 * and a second one changes nothing more. */
#include "sdp_rewrite.h"

#include "err.h"
#include "fuzz.h"

enum { MOST_URIS = 4, OUT_MAX = 1 << 20 };

static const struct span uri = SPAN("msrps://192.0.2.10:2855/token;tcp");
static const struct span print = SPAN("SHA-256 68:2F");

static void check_section(const struct sdp_section *s, struct span all)
{
    struct span path = s->path;
    unsigned n = 0;

    assert(fuzz_is_within(s->path, all));
    assert(fuzz_is_within(s->connection.host, all));
    assert(s->prints.n <= SDP_PRINTS_MAX);
    for (size_t i = 0; i < s->prints.n; i++)
        assert(fuzz_is_within(s->prints.values[i], all));
    if (s->kind != SDP_USABLE)
        return;
    while (sdp_path_next(&path).n)
        n++;
    assert(n == s->n_uris && n > 0 && n <= MOST_URIS && s->port);
}

static void check_unchanged(struct span all)
{
    struct text out;

    text_init(&out, OUT_MAX);
    sdp_rewrite(&out, all, NULL, 0);
    assert(!out.err && span_eq(text_span(&out), all));
    text_fini(&out);
}

static size_t edits_for(struct sdp_edit *edits, const struct sdp *sdp)
{
    size_t n = 0;

    for (size_t i = 0; i < sdp->n; i++) {
        if (sdp->sections[i].kind != SDP_USABLE)
            continue;
        edits[n++] = (struct sdp_edit){
            .index = sdp->sections[i].index,
            .protocol = i % 2 ? SDP_TLS : SDP_TCP,
            .port = 2855,
            .family = 4,
            .address = SPAN("192.0.2.10"),
            .uri = uri,
            .setup = SDP_SETUP_PASSIVE,
            .prints = &print,
            .n_prints = i % 2,
        };
    }
    return n;
}

static void check_edited(const struct sdp *sdp, const struct sdp_edit *edits,
                         size_t n, struct span text)
{
    struct sdp again;

    assert(sdp_parse(&again, text, MOST_URIS) == 0);
    assert(again.n == sdp->n);
    for (size_t i = 0; i < n; i++) {
        const struct sdp_section *s = sdp_section_at(&again, edits[i].index);

        assert(s && s->kind == SDP_USABLE);
        assert(s->port == edits[i].port && s->protocol == edits[i].protocol);
        assert(span_eq(s->path, uri) && s->n_uris == 1 && !s->is_cema);
        assert(s->setup == SDP_SETUP_PASSIVE);
        assert(s->connection.family == 4);
        if (edits[i].n_prints)
            assert(s->prints.n == 1 && span_eq(s->prints.values[0], print));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span all = fuzz_copy(data, n);
    struct sdp_edit edits[SDP_SECTIONS_MAX];
    struct text once, twice;
    struct sdp sdp;

    check_unchanged(all);
    if (sdp_parse(&sdp, all, MOST_URIS) == 0) {
        size_t n_edits = edits_for(edits, &sdp);

        for (size_t i = 0; i < sdp.n; i++)
            check_section(&sdp.sections[i], all);
        text_init(&once, OUT_MAX);
        text_init(&twice, OUT_MAX);
        sdp_rewrite(&once, all, edits, n_edits);
        assert(!once.err);
        check_edited(&sdp, edits, n_edits, text_span(&once));
        sdp_rewrite(&twice, text_span(&once), edits, n_edits);
        assert(!twice.err && span_eq(text_span(&once), text_span(&twice)));
        text_fini(&once);
        text_fini(&twice);
    }
    fuzz_free(all);
    return 0;
}
