# SPDX-License-Identifier: BSD-2-Clause
# README: bob waits, and alice sends him a file.
msrpcat -r "msrps://relay.example.com:2855;tcp" -u bob --path-file bob.path -O inbox
msrpcat -r "msrps://relay.example.com:2855;tcp" -u alice -t @bob.path -f holiday.mkv --report
