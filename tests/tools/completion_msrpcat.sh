#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The bash completion of msrpcat, as bash would call it: it offers the options
# that --help names, and after each of them what that takes.
#
# usage: completion_msrpcat.sh COMPLETION-FILE MSRPCAT
set -u

# shellcheck source=/dev/null
. "$1" || exit 1
help=$("$2" --help) || exit 1
faults=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
touch one two

# offers WHAT WANT WORD...: completing the last of the words offers the words of
# WANT, in any order.
offers() {
    local what=$1 want got
    want=$(tr ' ' '\n' <<<"$2" | sort -u)
    shift 2
    COMP_WORDS=(msrpcat "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _msrpcat
    got=$(printf '%s\n' "${COMPREPLY[@]-}" | sort -u)
    if [ "$got" != "$want" ]; then
        echo "$what: offers ${got//$'\n'/ } but --help has ${want//$'\n'/ }"
        faults=1
    fi
}

# The options with what follows them, one a line: `-s --sdp-file FILE`. Without
# an argument there are two blanks before the help, or nothing.
rows=$(sed -nE 's/^ +(-[A-Za-z], )?(--[a-z-]+)( [^ ]+)?(  .*)?$/\1\2\3/p' \
    <<<"$help" | tr -d ,)
[ -n "$rows" ] || exit 1
offers options "$(grep -oE '(^| )-[A-Za-z-]+' <<<"$rows" | tr -d ' ' |
    tr '\n' ' ' | sed 's/ $//')" ''
while read -r -a words; do
    for option in "${words[@]}"; do
        value=${words[-1]}
        [[ $option == -* && $value != -* ]] || continue
        case $value in
        *'|@'*) offers "$option" '' "$option" '' ;;
        *'|'*) offers "$option" "${value//|/ }" "$option" '' ;;
        FILE | DIR) offers "$option" 'one two' "$option" '' ;;
        *) offers "$option" '' "$option" '' ;;
        esac
    done
done <<<"$rows"
offers beginnings '--sdp-file' -l 0 --sd
offers beginnings 'passive' --setup p
offers beginnings 'two' -S t
exit $faults
