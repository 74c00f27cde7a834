#!/usr/bin/env bash
# A program that knows nothing of the server (plain mode): the text is on standard input, what it prints is the answer,
# what it says on standard error goes to the run's log, and an exit code other than 0 fails the run.
set -euo pipefail

text=$(cat)
if [[ -z ${text//[[:space:]]/} ]]; then
  echo "There is no text to digest" >&2
  exit 2
fi

echo "counting" >&2
printf 'Lines: %d\n' "$(wc -l <<<"$text")"
printf 'Words: %d\n' "$(wc -w <<<"$text")"

echo "sorting" >&2
printf 'Most frequent: '
tr -cs '[:alpha:]' '\n' <<<"$text" | tr '[:upper:]' '[:lower:]' | sort | uniq -c | sort -k1,1nr -k2 | awk 'NR == 1 { print $2 " (" $1 ")" }'
