/* SPDX-License-Identifier: BSD-2-Clause */
#include "app.h"

int main(int argc, char **argv)
{
    return app_main(argc, argv);
}
