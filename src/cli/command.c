/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

#include <ares.h>
#include <errno.h>
#include <ev.h>
#include <jansson.h>
#include <libconfig.h>
#include <openssl/crypto.h>

#include "config_load.h"
#include "config_warnings.h"
#include "err.h"

/* Where to say what is wrong with a configuration. */
struct judge {
    FILE *err;
    struct config_warnings held; /* of a relay that is to run */
};

/* A config_fault_fn; ctx is the judge. */
static void print_fault(void *ctx, struct config_place at, const char *what)
{
    const struct judge *j = ctx;

    fprintf(j->err, "%s:%u: %s\n", at.file, at.line, what);
}

/* The same for warnings. */
static void print_warning(void *ctx, struct config_place at, const char *what)
{
    const struct judge *j = ctx;

    fprintf(j->err, "%s:%u: warning: %s\n", at.file, at.line, what);
}

static void hold_warning(void *ctx, struct config_place at, const char *what)
{
    struct judge *j = ctx;

    config_warnings_add(&j->held, at, what);
}

static void print_held(struct judge *j)
{
    for (size_t i = 0; i < j->held.n; i++) {
        const struct config_warning *w = &j->held.items[i];

        print_warning(j, (struct config_place){w->file, w->line}, w->what);
    }
}

static void print_version(FILE *out)
{
    fprintf(out,
            "msrprelayd " MSRP_VERSION "\n"
            "libev %d.%d\n"
            "%s\n"
            "c-ares %s\n"
            "libconfig %d.%d.%d\n"
            "jansson " JANSSON_VERSION "\n",
            ev_version_major(), ev_version_minor(),
            OpenSSL_version(OPENSSL_VERSION), ares_version(NULL),
            LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, LIBCONFIG_VER_REVISION);
}

/* The exit for an error of reading or checking. */
static enum command_exit command_fail(int error, FILE *err)
{
    if (error == ERR_CONFIG) /* every fault has been printed */
        return COMMAND_BAD_CONFIG;
    fprintf(err, "msrprelayd: %s\n", err_text(error));
    return COMMAND_FAILED;
}

/* Nobody has got the answer unless all of it could be written. */
static enum command_exit command_finish(FILE *out, FILE *err)
{
    if (fflush(out) == 0 && !ferror(out))
        return COMMAND_OK;
    fprintf(err, "msrprelayd: cannot write: %s\n", strerror(errno));
    return COMMAND_FAILED;
}

/* The relay logs its warnings: a terminal that shows the log gets them once. */
static int load_to_run(struct config_loaded *out, const struct options *o,
                       struct judge *j)
{
    int err =
        config_load_checked(out, o->path, NULL, print_fault, hold_warning, j);

    if (err || (!o->debug && strcmp(out->config->log.target, "stderr") != 0))
        print_held(j);
    return err;
}

/* A dump needs nothing of what the file names; running does. */
static int load(struct config_loaded *out, const struct options *o, FILE *err)
{
    struct judge j = {.err = err};

    if (o->test)
        return config_load_checked(out, o->path, NULL, print_fault,
                                   print_warning, &j);
    if (o->dump)
        return config_load(&out->config, o->path, print_fault, &j);
    return load_to_run(out, o, &j);
}

enum command_exit command_do(struct config_loaded *with,
                             const struct options *o, FILE *out, FILE *err)
{
    struct config_loaded loaded = {0};
    int error;

    *with = (struct config_loaded){0};
    if (o->help || o->version) {
        if (o->help)
            options_usage(out);
        else
            print_version(out);
        return command_finish(out, err);
    }
    error = load(&loaded, o, err);
    if (error)
        return command_fail(error, err);
    if (!o->test && !o->dump) {
        *with = loaded;
        return COMMAND_OK;
    }
    if (o->dump)
        config_dump(loaded.config, out);
    else
        fputs("ok\n", out);
    config_loaded_free(&loaded, NULL);
    return command_finish(out, err);
}
