/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "msg.h"
#include "text_file.h"
#include "uri.h"

enum { SESSION_ID = 20, HOST_LABEL = 12 };

char *path_own_uri(struct rnd *rnd, bool secure, struct span authority)
{
    char session[SESSION_ID], *uri;

    rnd_alnum(rnd, session, sizeof session);
    if (asprintf(&uri, "%s://%.*s/%.*s;tcp", secure ? "msrps" : "msrp",
                 SPAN_ARG(authority), SESSION_ID, session) < 0)
        return NULL;
    return uri;
}

char *path_nowhere_uri(struct rnd *rnd, bool secure)
{
    char authority[] = "............"
                       ".invalid:9";

    /* Some peers take no host that begins with a digit. */
    do
        rnd_alnum(rnd, authority, HOST_LABEL);
    while (!char_is_alpha(authority[0]));
    return path_own_uri(rnd, secure, span_str(authority));
}

char *path_for_sdp(struct span use_path, struct span own)
{
    size_t size = use_path.n + own.n + 2;
    char *sdp = malloc(size), *end;
    struct span uri;

    if (!sdp)
        return NULL;
    /* Filled from its end: the first URI of the Use-Path comes last. */
    end = sdp + size - 1;
    *end = '\0';
    end -= own.n;
    memcpy(end, own.p, own.n);
    while (msg_path_next(&uri, &use_path)) {
        *--end = ' ';
        end -= uri.n;
        memcpy(end, uri.p, uri.n);
    }
    memmove(sdp, end, (size_t)(sdp + size - end));
    return sdp;
}

char *path_join(struct span first, struct span second)
{
    char *path;

    if (asprintf(&path, "%.*s%s%.*s", SPAN_ARG(first),
                 first.n && second.n ? " " : "", SPAN_ARG(second)) < 0)
        return NULL;
    return path;
}

bool path_is_valid(struct span path)
{
    struct span text;
    struct uri uri;

    if (path.n == 0 || path.n > PATH_MAX_OCTETS)
        return false;
    while (msg_path_next(&text, &path))
        if (uri_parse(&uri, text) || uri.port == 0)
            return false;
    return true;
}

static int read_line(char *dst, size_t size, const char *file)
{
    FILE *f = fopen(file, "re");
    int err = 0;

    if (!f)
        return ERR_IO;
    if (!fgets(dst, (int)size, f))
        err = ferror(f) ? ERR_IO : ERR_SYNTAX;
    fclose(f);
    return err;
}

int path_from_arg(char **out, const char *arg)
{
    char line[PATH_MAX_OCTETS + 2];
    struct span path = span_str(arg);
    char *copy;
    int err;

    if (arg[0] == '@') {
        err = read_line(line, sizeof line, arg + 1);
        if (err)
            return err;
        path = span_str(line);
        path.n = strcspn(line, "\r\n");
    }
    path = span_trim(path);
    if (!path_is_valid(path))
        return ERR_SYNTAX;
    copy = strndup(path.p, path.n);
    if (!copy)
        return ERR_NOMEM;
    *out = copy;
    return 0;
}

int path_save(const char *file, const char *path)
{
    char *line;
    int err;

    if (asprintf(&line, "%s\n", path) < 0)
        return ERR_IO;
    err = text_file_save(file, line);
    free(line);
    return err;
}
