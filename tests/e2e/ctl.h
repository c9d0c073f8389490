/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl - a scene whose relay has a control socket, and msrprelayctl. */
#ifndef CTL_H
#define CTL_H

#include "scene.h"

/* Starts a scene with the socket in a directory of its own, which goes with the
 * scene, and is that of opts->user. `opts` NULL: defaults; its `groups` must
 * leave `control` out. */
struct scene *ctl_scene(void **state, const struct relay_opts *opts);

/* The configuration's group for the socket with this name in there. */
const char *ctl_group(struct scene *s, const char *name);
/* The path of the socket that relay began with, or of another one. */
const char *ctl_path(struct scene *s, const char *name);

/* What msrprelayctl said; valid as long as the scene. */
struct ctl_said {
    int code;
    const char *out, *err;
};

/* Runs it to its end, while the scene goes on: with these arguments, parted by
 * blanks. Those that begin with an option name the socket themselves; else it
 * is the one that the relay began with. */
struct ctl_said ctl_run(struct scene *s, const char *arguments);
/* The same; what is typed into it is `in`. */
struct ctl_said ctl_run_with(struct scene *s, const char *arguments,
                             const char *in);
/* It ends with 0; what it wrote to stdout. */
const char *ctl_ok(struct scene *s, const char *arguments);
/* It ends with this code, and says this on stderr. */
void ctl_fails(struct scene *s, const char *arguments, int code,
               const char *why);

/* Begins it, and waits for its end. */
struct ctl;
struct ctl *ctl_begin(struct scene *s, const char *arguments, const char *in);
struct ctl_said ctl_wait(struct ctl *c);

/* A connection to the socket, without msrprelayctl; what is read and written
 * ends in time. */
int ctl_connect(struct scene *s);

#endif
