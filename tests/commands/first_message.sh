# SPDX-License-Identifier: BSD-2-Clause
# docs/deploy.md: bob waits in one terminal, alice sends from another.
msrpcat -r "msrps://relay1.example.com:2855;tcp" -u bob --path-file bob.path -n 1
msrpcat -r "msrps://relay1.example.com:2855;tcp" -u alice -t @bob.path -m hello --report
