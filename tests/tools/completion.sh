#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The bash completion of msrprelayctl, as bash would call it: it offers the
# commands, arguments and options that --help names, and what the relay has.
#
# usage: completion.sh COMPLETION-FILE MSRPRELAYCTL
set -u

# shellcheck source=/dev/null
. "$1" || exit 1
help=$("$2" --help) || exit 1
faults=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Takes the place of the program, with a relay that answers.
cat >"$dir/msrprelayctl" <<'END'
#!/bin/sh
case "$*" in
"-s /sock --json sessions")
    printf '[\n {"session":"aaaaaa","user":"alice"},\n'
    printf ' {"session":"bbbbbb","user":"bob"}\n]\n'
    ;;
"-s /sock --json connections")
    printf '[\n {"connection":42,"state":"open"}\n]\n'
    ;;
*) exit 2 ;;
esac
END
chmod +x "$dir/msrprelayctl"

# offers WANT WORD...: completing the last of the words offers just WANT.
offers() {
    local want=$1 got
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _msrprelayctl
    got=${COMPREPLY[*]-}
    if [ "$got" != "$want" ]; then
        echo "completing \"${*:2}\": \"$got\", not \"$want\""
        faults=1
    fi
}

# section HEADING: what --help says under it.
section() {
    sed -n "/^$1:\$/,/^\$/p" <<<"$help" | sed 1d
}

# options HEADING: the names of the options there, one a line.
options() {
    section "$1" | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | tr -d ' ' |
        tr , '\n'
}

# same WHAT WANT WORD...: completing the last of the words offers the lines of
# WANT, in any order.
same() {
    local what=$1 want got
    want=$(sort -u <<<"$2")
    shift 2
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _msrprelayctl
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u)
    if [ "$got" != "$want" ] || [ -z "$want" ]; then
        echo "$what: offers ${got//$'\n'/ } but --help names ${want//$'\n'/ }"
        faults=1
    fi
}

# What --help names is what is offered: commands and options,
commands=$(section Commands | sed -n 's/^  \([a-z]\{1,\}\).*/\1/p')
same commands "$commands
$(options Options)" msrprelayctl ''
same selftest "$(options 'Options of selftest')" msrprelayctl selftest ''
same passwd "$(options 'Options of passwd')" msrprelayctl passwd ''

# the arguments of each command, as `key=` and as `--key`,
while read -r command arguments; do
    want=--json
    for word in ${arguments//[][|]/ }; do
        case $word in
        *=*) want+=$'\n'${word%%=*}=$'\n'--${word%%=*} ;;
        *) want+=$'\n'$word ;;
        esac
    done
    [[ $command =~ ^(passwd|selftest|check)$ ]] || same "$command" "$want" msrprelayctl "$command" ''
done < <(section Commands | grep '^  [a-z]')

# and after an option the names of files, or the words of a choice.
values() {
    local words value option heading=$1
    shift
    while read -r -a words; do
        value=${words[-1]}
        for option in "${words[@]::${#words[@]}-1}"; do
            case $value in
            *'|'*) same "$option" "${value//|/$'\n'}" "$@" "$option" '' ;;
            *FILE | SOCKET) same "$option" "$(ls)" "$@" "$option" '' ;;
            esac
        done
    done < <(section "$heading" |
        sed -nE 's/^ +(-[A-Za-z])?,? ?(--[a-z-]+) ([^ ]+).*/\1 \2 \3/p')
}
cd "$dir" || exit 1
values Options msrprelayctl
values 'Options of selftest' msrprelayctl selftest
values 'Options of passwd' msrprelayctl passwd

offers 'status stats' msrprelayctl sta
offers 'drain' msrprelayctl -s /run/s d
offers '--json' msrprelayctl status --
offers '--json' msrprelayctl top --
offers 'on off --json' msrprelayctl drain ''
offers 'error' msrprelayctl loglevel e
offers 'session=' msrprelayctl kick s
offers '--json' msrprelayctl check ''
offers 'md5' msrprelayctl passwd -a m
offers '--stdin' msrprelayctl passwd --s
offers 'alice bob' "$dir/msrprelayctl" -s /sock kick --user ''
offers 'bob' "$dir/msrprelayctl" -s /sock kick user = b
offers 'aaaaaa bbbbbb' "$dir/msrprelayctl" -s /sock trace on session =
offers '42' "$dir/msrprelayctl" -s /sock kick connection = ''
offers '' "$dir/msrprelayctl" kick user = ''
exit $faults
