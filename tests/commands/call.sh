# SPDX-License-Identifier: BSD-2-Clause
# docs/anchoring.md: do two clients that exchange SDP make a call?
cd "$(mktemp -d)"
PATH=$PATH:$1
mkfifo offer answer
msrpcat -l 127.0.0.1:0 --tls -s offer -S answer -m "Hello Bob" -n 1 &
msrpcat -l 127.0.0.1:0 -a -S offer -s answer -m "Hello Alice" -n 1
wait
