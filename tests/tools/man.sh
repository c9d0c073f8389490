#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The manual page of a program has the options that --help has, and no others.
#
# usage: man.sh PROGRAM MANUAL-PAGE
set -u

in_help() {
    "$1" --help | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' | tr -d ' ' |
        tr , '\n' | sort -u
}

in_page() {
    grep '^\.It Fl' "$1" | sed 's/Fl Fl /Fl -/g' |
        grep -oE 'Fl (-[a-z0-9-]+|[A-Za-z]( |$))' |
        sed 's/^Fl /-/; s/ $//' | sort -u
}

if [ -z "$(in_help "$1")" ]; then
    echo "$1 --help names no options"
    exit 1
fi
diff -u --label --help <(in_help "$1") --label "$2" <(in_page "$2")
