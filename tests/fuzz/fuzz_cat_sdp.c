/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer's SDP: what is taken lies in the text, its path is one that can be
 * spoken to, and what this end would say with the same path is read alike. */
#include "cat_sdp.h"

#include "fuzz.h"
#include "path.h"
#include "uri.h"

static void check_parts(const struct cat_sdp *sdp, struct span text)
{
    assert(path_is_valid(sdp->path) && fuzz_is_within(sdp->path, text));
    assert(sdp->setup != CAT_SETUP_AUTO);
    assert(sdp->n_fingerprints <= CAT_SDP_FINGERPRINTS);
    assert(sdp->has_fingerprint || sdp->n_fingerprints == 0);
    for (size_t i = 0; i < sdp->n_fingerprints; i++)
        assert(sdp->fingerprints[i].function == sdp->fingerprints[0].function);
}

/* Only an own path of one URI can be written. */
static void check_again(const struct cat_sdp *sdp)
{
    char path[PATH_MAX_OCTETS + 1];
    struct cat_sdp_own own = {.secure = sdp->secure,
                              .address = "192.0.2.1",
                              .path = path,
                              .accept_types = "*",
                              .setup = sdp->setup};
    struct cat_sdp again;
    struct uri uri;
    char *text;

    span_copy(path, sizeof path, sdp->path);
    if (uri_parse(&uri, span_str(path)))
        return;
    text = cat_sdp_text(&own);
    assert(text && cat_sdp_parse(&again, span_str(text)) == 0);
    assert(span_eq(again.path, sdp->path));
    assert(again.secure == sdp->secure && again.setup == sdp->setup);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = fuzz_copy(data, n);
    struct cat_sdp sdp;

    if (cat_sdp_parse(&sdp, text) == 0) {
        check_parts(&sdp, text);
        check_again(&sdp);
    }
    fuzz_free(text);
    return 0;
}
