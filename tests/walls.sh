#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Tries the walls between the rooms: no header of a room that may not be seen may
# be found by the compiler, which then refuses to compile what includes it; and
# all headers of the rooms that may be seen must compile. The flags are those with
# which a source of the room is really built.
#
# usage: walls.sh COMPILE-COMMANDS
#
# The table below repeats src/CMakeLists.txt and tools/ by hand. A change there
# that opens a wall fails here, until the table says as well that it is meant.
set -u

commands=$1
cd "$(dirname "$0")/.." || exit 1
root=$PWD

# Which rooms a room sees, besides itself.
declare -A sees=(
    [base]=''
    [proto]='base'
    [net]='base proto'
    [core]='base proto'
    [sdp]='base proto'
    [ng]='base proto net'
    [anchor]='base proto net core sdp ng'
    [config]='base proto net core'
    [admin]='base proto net'
    [lookup]='base proto net'
    [hop]='base proto net core'
    [status]='base'
    [server]='base proto net core sdp ng anchor config admin lookup hop status'
    [cli]='base proto net core sdp ng anchor config admin lookup hop status server'

    [shared]='base'
    [msrpcat]='base proto shared'
    [msrpload]='base proto net shared msrpcat'
    [msrprelayctl]='base proto net core config admin shared msrpcat'
    [lookup/helper]='base proto net shared'
    [lookup/pgsql]='base proto net shared lookup/helper'
    [lookup/mysql]='base proto net shared lookup/helper'
    [lookup/http]='base proto net shared lookup/helper'
    [lookup/redis]='base proto net shared lookup/helper'
)
faults=0

fault() {
    echo "$*"
    faults=$((faults + 1))
}

# Lines that include every header of one room.
include_all() {
    local header

    for header in include/"$1"/*.h tools/"$1"/*.h; do
        [ ! -e "$header" ] || echo "#include \"${header##*/}\""
    done
}

# Sets `flags` to the compiler and its flags for sources of a room. CMake writes
# a command as a shell would read it, on one line, and escapes it for JSON.
find_flags() {
    local line command='' word

    flags=()
    while IFS= read -r line; do
        case $line in
        *'"command": "'*) command=${line#*'"command": "'} ;;
        *'"file": "'"$root/src/$1"/*) break ;;
        *'"file": "'"$root/tools/$1"/*) break ;;
        *'}'*) command='' ;;
        esac
    done <"$commands"
    [ -n "$command" ] || return 1
    command=$(sed 's/",\{0,1\}$//; s/\\\(.\)/\1/g' <<<"$command")
    eval "set -- $command"
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
        -o | -c) shift ;;
        *) flags+=("$word") ;;
        esac
    done
}

# Everything that the room may see, in one go.
try_open() {
    local other

    for other in $1 ${sees[$1]}; do
        include_all "$other"
    done | "${flags[@]}" -fsyntax-only -x c - ||
        fault "$1 does not compile with what it may see"
}

# Asks the preprocessor which files it finds for the names of all headers there
# are. With -MG it names what it does not find as it is, instead of giving up.
try_walls() {
    local list found room known=" $1 ${sees[$1]} "

    list=$("${flags[@]}" -M -MG -x c - <<<"$everything") || {
        fault "the preprocessor fails in $1"
        return
    }
    for found in $list; do
        found=${found#"$root"/}
        room=${found#*/}
        room=${room%/*}
        case $found in
        include/* | tools/*) ;;
        *) continue ;;
        esac
        case $known in
        *" $room "*) ;;
        *)
            fault "$1 can see $room: $found"
            known="$known$room " # once is enough
            ;;
        esac
    done
}

# Every directory with sources or headers, without what it is in.
rooms=$(
    for file in {include,src,tools}/*/*.[ch] tools/*/*/*.[ch]; do
        dir=${file%/*}
        echo "${dir#*/}"
    done | sort -u
)
everything=$(
    for room in $rooms; do
        include_all "$room"
    done
)
for room in $rooms; do
    [ -n "${sees[$room]+known}" ] || fault "$room is not in the table"
done
for room in "${!sees[@]}"; do
    if find_flags "$room"; then
        try_open "$room"
        try_walls "$room"
    elif [[ $room == lookup/* ]]; then
        echo "$room is left out: its library is not there"
    else
        fault "no source of $room in $commands"
    fi
done

echo "${#sees[@]} rooms, $(wc -l <<<"$everything") headers, $faults faults"
[ $faults -eq 0 ]
