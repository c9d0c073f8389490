/* SPDX-License-Identifier: BSD-2-Clause */
#include "app.h"

#include "command.h"
#include "err.h"
#include "options.h"
#include "server.h"

int app_main(int argc, char **argv)
{
    struct options options;
    struct config_loaded loaded;
    enum command_exit result;
    int err;

    if (options_parse(&options, argc, argv, stderr))
        return COMMAND_BAD_USAGE;
    result = command_do(&loaded, &options, stdout, stderr);
    if (!loaded.config)
        return result;
    err = server_run(&loaded, options.debug);
    if (err)
        result = err == ERR_PLACE ? COMMAND_CANNOT_LISTEN : COMMAND_FAILED;
    return result;
}
