/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_sdp.h"

#include <assert.h>
#include <stdio.h>

#include "err.h"
#include "path.h"
#include "uri.h"

static const char *const setup_names[] = {
    [CAT_SETUP_AUTO] = "",           [CAT_SETUP_NONE] = "",
    [CAT_SETUP_ACTIVE] = "active",   [CAT_SETUP_PASSIVE] = "passive",
    [CAT_SETUP_ACTPASS] = "actpass",
};

/* --- reading -------------------------------------------------------------- */

/* What the session says for all sections, or one section for itself. */
struct part {
    struct span path, setup;
    bool has_fingerprint;
    struct fingerprint fingerprints[CAT_SDP_FINGERPRINTS];
    size_t n_fingerprints;
};

/* The value of `line` if it is this attribute. */
static bool is_attribute(struct span *value, struct span line,
                         struct span prefix)
{
    if (!span_starts(line, prefix))
        return false;
    *value = span_trim(span_from(line, prefix.n));
    return true;
}

/* The next word of `rest`; any number of blanks may be before it. */
static struct span next_word(struct span *rest)
{
    *rest = span_trim(*rest);
    return span_cut(rest, ' ');
}

/* Keeps those of the strongest function alone. */
static void add_fingerprint(struct part *p, struct span value)
{
    const struct fingerprint *kept = p->fingerprints;
    struct fingerprint f;

    p->has_fingerprint = true;
    if (fingerprint_parse(&f, value) ||
        (p->n_fingerprints > 0 && f.function < kept->function))
        return;
    if (f.function != kept->function)
        p->n_fingerprints = 0;
    if (p->n_fingerprints < CAT_SDP_FINGERPRINTS)
        p->fingerprints[p->n_fingerprints++] = f;
}

static void read_line(struct part *p, struct span line)
{
    struct span value;

    if (is_attribute(&value, line, SPAN("a=path:"))) {
        if (p->path.n == 0)
            p->path = value;
    } else if (is_attribute(&value, line, SPAN("a=setup:"))) {
        p->setup = value;
    } else if (is_attribute(&value, line, SPAN("a=fingerprint:"))) {
        add_fingerprint(p, value);
    }
}

/* m=message PORT PROTOCOL ... */
struct media {
    bool is_ours, secure, declined;
};

static struct media read_media(struct span line)
{
    struct span rest = span_from(line, 2);
    struct span kind = next_word(&rest);
    struct span port = next_word(&rest);
    struct span protocol = next_word(&rest);
    struct media m = {.secure = span_ieq(protocol, SPAN("TCP/TLS/MSRP"))};
    uint64_t number;

    m.is_ours = span_eq(kind, SPAN("message")) &&
                (m.secure || span_ieq(protocol, SPAN("TCP/MSRP")));
    m.declined =
        span_u64(&number, span_cut(&port, '/'), UINT16_MAX) || number == 0;
    return m;
}

static enum cat_setup read_setup(struct span value)
{
    for (int i = CAT_SETUP_ACTIVE; i <= CAT_SETUP_ACTPASS; i++)
        if (span_ieq(value, span_str(setup_names[i])))
            return (enum cat_setup)i;
    return CAT_SETUP_NONE; /* holdconn among them */
}

static bool next_line(struct span *line, struct span *rest)
{
    if (rest->n == 0)
        return false;
    *line = span_cut(rest, '\n');
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* What a section says for itself goes before what the session says. */
static int take(struct cat_sdp *out, const struct part *session,
                const struct part *section, bool secure)
{
    const struct part *p = section->has_fingerprint ? section : session;
    struct cat_sdp sdp = {.secure = secure, .path = section->path};

    if (!path_is_valid(section->path))
        return ERR_SYNTAX;
    sdp.setup = read_setup(section->setup.n ? section->setup : session->setup);
    sdp.has_fingerprint = p->has_fingerprint;
    memcpy(sdp.fingerprints, p->fingerprints, sizeof sdp.fingerprints);
    sdp.n_fingerprints = p->n_fingerprints;
    *out = sdp;
    return 0;
}

int cat_sdp_parse(struct cat_sdp *out, struct span text)
{
    struct part session = {0}, section = {0};
    struct part *at = &session;
    struct media found = {0};
    int err = ERR_NOT_FOUND;
    struct span line;

    while (next_line(&line, &text)) {
        struct media m;

        if (!span_starts(line, SPAN("m="))) {
            read_line(at, line);
            continue;
        }
        if (found.is_ours)
            break;
        at = &section;
        section = (struct part){0};
        m = read_media(line);
        if (m.is_ours && m.declined)
            err = ERR_DENIED;
        else
            found = m;
    }
    return found.is_ours ? take(out, &session, &section, found.secure) : err;
}

/* --- writing -------------------------------------------------------------- */

static unsigned port_of(const char *path)
{
    struct uri uri;
    int err = uri_parse(&uri, span_str(path));

    assert(err == 0);
    (void)err;
    return uri.port;
}

char *cat_sdp_text(const struct cat_sdp_own *own)
{
    bool is_v6 = strchr(own->address, ':') != NULL;
    const char *setup = setup_names[own->setup];
    char *text;

    if (asprintf(&text,
                 "m=message %u %s *\r\n"
                 "c=IN %s %s\r\n"
                 "a=accept-types:%s\r\n"
                 "a=path:%s\r\n"
                 "%s%s%s"
                 "%s%s%s",
                 port_of(own->path), own->secure ? "TCP/TLS/MSRP" : "TCP/MSRP",
                 is_v6 ? "IP6" : "IP4", own->address, own->accept_types,
                 own->path, *setup ? "a=setup:" : "", setup,
                 *setup ? "\r\n" : "", own->fingerprint ? "a=fingerprint:" : "",
                 own->fingerprint ? own->fingerprint : "",
                 own->fingerprint ? "\r\n" : "") < 0)
        return NULL;
    return text;
}

/* --- who connects --------------------------------------------------------- */

enum cat_setup cat_sdp_offer_setup(enum cat_setup wanted, bool listens)
{
    if (wanted != CAT_SETUP_AUTO)
        return wanted;
    return listens ? CAT_SETUP_ACTPASS : CAT_SETUP_ACTIVE;
}

enum cat_setup cat_sdp_answer_setup(enum cat_setup wanted,
                                    enum cat_setup offered, bool listens)
{
    if (wanted != CAT_SETUP_AUTO)
        return wanted;
    switch (offered) {
    case CAT_SETUP_PASSIVE:
        return CAT_SETUP_ACTIVE;
    case CAT_SETUP_ACTPASS:
        return listens ? CAT_SETUP_PASSIVE : CAT_SETUP_ACTIVE;
    case CAT_SETUP_AUTO:
    case CAT_SETUP_NONE:
    case CAT_SETUP_ACTIVE:
        break;
    }
    return CAT_SETUP_PASSIVE;
}

int cat_sdp_offerer_connects(bool *out, enum cat_setup offer,
                             enum cat_setup answer)
{
    bool connects = answer != CAT_SETUP_ACTIVE;

    if (offer == answer &&
        (offer == CAT_SETUP_ACTIVE || offer == CAT_SETUP_PASSIVE))
        return ERR_DENIED;
    if (offer == CAT_SETUP_PASSIVE && answer != CAT_SETUP_ACTIVE)
        connects = false; /* the answer leaves it to the offer */
    *out = connects;
    return 0;
}
