#!/bin/bash
# Looks for the files that the documents name: each `src/...`, `docs/...` and so
# on in backticks, and each link to a file, must exist. <placeholders> stand for
# anything.
#
# usage: paths.sh
set -u
shopt -s extglob
cd "$(dirname "$0")/.." || exit 1

tops='cmake|completion|conf|docs|include|packaging|src|systemd|tests|tools'
faults=0
names=0

# All that one document names, one a line.
# shellcheck disable=SC2016  # backticks, and no commands in them
names_in() {
    grep -oE "\`($tops)/[^\` ]*\`" "$1" | tr -d '`'
    grep -oE '`[A-Z][A-Za-z]*\.(md|txt|json)`' "$1" | tr -d '`'
    grep -oE '\]\([^):# ]+\)' "$1" | sed 's/^](\(.*\))$/\1/' |
        while IFS= read -r link; do
            realpath -sm --relative-to=. "$(dirname "$1")/$link"
        done
}

for document in *.md docs/*.md docs/*/*.md; do
    [ -e "$document" ] || continue
    while IFS= read -r name; do
        names=$((names + 1))
        # A slash at the end, or else compgen believes anything that has one.
        pattern=${name//<*([a-z])>/*}
        pattern=${pattern%/}
        if ! compgen -G "$pattern" >/dev/null; then
            echo "$document: there is no $name"
            faults=$((faults + 1))
        fi
    done < <(names_in "$document" | sort -u)
done

echo "$names names, $faults faults"
[ $faults -eq 0 ] && [ $names -gt 0 ]
