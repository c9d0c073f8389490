#include "command.h"

#include <ares.h>
#include <errno.h>
#include <ev.h>
#include <libconfig.h>
#include <openssl/crypto.h>

#include "config_load.h"
#include "err.h"

/* A config_fault_fn; ctx is the FILE that it goes to. */
static void print_fault(void *ctx, struct config_place at, const char *what)
{
    fprintf(ctx, "%s:%u: %s\n", at.file, at.line, what);
}

/* The same for warnings. */
static void print_warning(void *ctx, struct config_place at, const char *what)
{
    fprintf(ctx, "%s:%u: warning: %s\n", at.file, at.line, what);
}

static void print_version(FILE *out)
{
    fprintf(out,
            "msrprelayd " MSRP_VERSION "\n"
            "libev %d.%d\n"
            "%s\n"
            "c-ares %s\n"
            "libconfig %d.%d.%d\n",
            ev_version_major(), ev_version_minor(),
            OpenSSL_version(OPENSSL_VERSION), ares_version(NULL),
            LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, LIBCONFIG_VER_REVISION);
}

/* The exit for an error of reading or checking. */
static enum command_exit fail(int error, FILE *err)
{
    if (error == ERR_CONFIG) /* every fault has been printed */
        return COMMAND_BAD_CONFIG;
    fprintf(err, "msrprelayd: %s\n", err_text(error));
    return COMMAND_FAILED;
}

/* Nobody has got the answer unless all of it could be written. */
static enum command_exit finish(FILE *out, FILE *err)
{
    if (fflush(out) == 0 && !ferror(out))
        return COMMAND_OK;
    fprintf(err, "msrprelayd: cannot write: %s\n", strerror(errno));
    return COMMAND_FAILED;
}

/* A dump needs nothing of what the file names; running does. */
static int load(struct config **out, const struct options *o, FILE *err)
{
    if (o->dump && !o->test)
        return config_load(out, o->path, print_fault, err);
    return config_load_checked(out, o->path, print_fault, print_warning, err);
}

enum command_exit command_do(struct config **config, const struct options *o,
                             FILE *out, FILE *err)
{
    struct config *c;
    int error;

    *config = NULL;
    if (o->help || o->version) {
        if (o->help)
            options_usage(out);
        else
            print_version(out);
        return finish(out, err);
    }
    error = load(&c, o, err);
    if (error)
        return fail(error, err);
    if (!o->test && !o->dump) {
        *config = c;
        return COMMAND_OK;
    }
    if (o->dump)
        config_dump(c, out);
    else
        fputs("ok\n", out);
    config_free(c);
    return finish(out, err);
}
