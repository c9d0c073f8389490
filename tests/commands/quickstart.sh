# SPDX-License-Identifier: BSD-2-Clause
# README: does a text and a file arrive on a machine where nothing is set up?
./quickstart --once
