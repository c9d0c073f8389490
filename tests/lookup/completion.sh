#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The bash completion of a look-up helper: all options that --help names, and
# what an option or the operand begins with.
#
# usage: completion.sh COMPLETION-FILE HELPER
set -u

# shellcheck source=/dev/null
. "$1" || exit 1
helper=$2
faults=0

# complete_last WORD...: completes the last of the words.
complete_last() {
    COMP_WORDS=("$helper" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _msrprelay_lookup
}

# offers WANT WORD...: it offers just WANT.
offers() {
    local want=$1
    shift
    complete_last "$@"
    if [ "${COMPREPLY[*]-}" != "$want" ]; then
        echo "completing \"$*\": \"${COMPREPLY[*]-}\", not \"$want\""
        faults=1
    fi
}

# The operand is in the first line of --help.
operand=$("$helper" --help | sed -n '1s/.* //p')
options=$("$helper" --help | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' |
    tr -d ' ' | tr , '\n' | sort)

complete_last -
diff <(echo "$options") <(printf '%s\n' "${COMPREPLY[@]-}" | sort) || faults=1
offers --timeout --ti
offers '' --timeout ''
touch "${TMPDIR:-/tmp}/lookup-completion.$$"
offers "${TMPDIR:-/tmp}/lookup-completion.$$" --secret-file \
    "${TMPDIR:-/tmp}/lookup-completion.$$"
rm -f "${TMPDIR:-/tmp}/lookup-completion.$$"
complete_last ''
case $operand in
*://*)
    [[ " ${COMPREPLY[*]-} " == *" ${operand%%://*}:// "* ]] || {
        echo "${COMPREPLY[*]-} is offered, $operand is wanted"
        faults=1
    }
    ;;
*) [ ${#COMPREPLY[@]} -gt 0 ] || faults=1 ;;
esac
exit $faults
