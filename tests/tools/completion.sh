#!/bin/bash
# The bash completion of msrprelayctl, as bash would call it: it knows the same
# commands as the program, their arguments, and whom the relay has.
#
# usage: completion.sh COMPLETION-FILE MSRPRELAYCTL
set -u

# shellcheck source=/dev/null
. "$1" || exit 1
program=$2
faults=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Stands in for the program with a relay behind it.
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

# Commands, against those that the program knows.
known=$("$program" --help | sed -n 's/^  \([a-z]\{1,\}\).*/\1/p' | sort -u)
COMP_WORDS=(msrprelayctl '')
COMP_CWORD=1
_msrprelayctl
offered=$(printf '%s\n' "${COMPREPLY[@]}" | grep -v '^-' | sort -u)
if [ "$offered" != "$known" ] || [ -z "$known" ]; then
    echo "commands: offers ${offered//$'\n'/ } but knows ${known//$'\n'/ }"
    faults=1
fi

offers 'status stats' msrprelayctl sta
offers 'drain' msrprelayctl -s /run/s d
offers '--json' msrprelayctl status --
offers 'on off --json' msrprelayctl drain ''
offers 'error' msrprelayctl loglevel e
offers 'session=' msrprelayctl kick s
offers 'md5' msrprelayctl passwd -a m
offers '--stdin' msrprelayctl passwd --s
offers 'alice bob' "$dir/msrprelayctl" -s /sock kick --user ''
offers 'bob' "$dir/msrprelayctl" -s /sock kick user = b
offers 'aaaaaa bbbbbb' "$dir/msrprelayctl" -s /sock trace on session =
offers '42' "$dir/msrprelayctl" -s /sock kick connection = ''
offers '' "$dir/msrprelayctl" kick user = ''
exit $faults
