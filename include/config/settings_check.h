/* SPDX-License-Identifier: BSD-2-Clause */
/* settings_check - what the texts of settings must be.
 *
 * Each function is a `check` of struct setting: NULL if the text is as it must
 * be, else the words for that, static, such as "a host name". */
#ifndef SETTINGS_CHECK_H
#define SETTINGS_CHECK_H

#include "str.h"

const char *settings_check_host(struct span text);
const char *settings_check_host_or_none(struct span text);
const char *settings_check_realm(struct span text);
const char *settings_check_relay_name(struct span text);
const char *settings_check_named(struct span text);
const char *settings_check_command(struct span text);
const char *settings_check_target(struct span text);
const char *settings_check_accounting(struct span text);
const char *settings_check_metrics(struct span text);
const char *settings_check_socket(struct span text);
const char *settings_check_ng_place(struct span text);
const char *settings_check_interface_address(struct span text);
const char *settings_check_interface_host(struct span text);

#endif
