#!/usr/bin/env bash
# criterion.sh PROGRAM [ARGUMENT]... — runs a program of tests, and once more where Criterion crashed.
#
# Each test has a process of its own: one that crashes is told, and fails, in any case.  When the
# program itself dies of SIGSEGV it was the runner of libcriterion 2.4.1, which has a race: met once
# in some thousand programs, on a machine with a load of 6.
"$@"
code=$?
((code == 128 + $(kill -l SEGV))) || exit "$code"
echo "criterion.sh: Criterion's runner crashed; once more"
exec "$@"
