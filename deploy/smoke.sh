#!/usr/bin/env bash
# Does a deployment work? deploy/smoke.sh http://localhost:8123 [API key]. Needs curl; leaves one thread, and deletes it.
set -euo pipefail

url=${1:?usage: deploy/smoke.sh <url> [API key]}
headers=(-H 'content-type: application/json')
[ -z "${2:-}" ] || headers+=(-H "x-api-key: $2")
thread=

ask() {
  local method=$1 path=$2
  shift 2
  curl -sS --fail-with-body --max-time 60 -X "$method" "$url$path" "${headers[@]}" "$@"
}

expect() {
  local what=$1 wanted=$2 answer=$3
  case $answer in
    *"$wanted"*) echo "ok    $what" ;;
    *)
      echo "wrong $what: $answer" >&2
      exit 1
      ;;
  esac
}

input() { printf '{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"%s"}]}}' "$1"; }

trap '[ -z "$thread" ] || ask DELETE "/threads/$thread" >/dev/null' EXIT

expect 'answers, and its database does' '"ok":true' "$(ask GET '/ok?check_db=1')"
created=$(ask POST /threads -d '{}')
expect 'makes a thread' '"thread_id":"' "$created"
thread=${created#*\"thread_id\":\"}
thread=${thread%%\"*}
expect 'executes a run' 'echo: hello' "$(ask POST "/threads/$thread/runs/wait" -d "$(input hello)")"
expect 'streams a run' 'event: custom' "$(ask POST "/threads/$thread/runs/stream" -N -d "$(input 'steps 2' | sed 's/}$/,"stream_mode":["values","custom"]}/')")"
if [ -n "${2:-}" ]; then
  expect 'lets nobody in without a key' 401 "$(curl -s -o /dev/null -w '%{http_code}' --max-time 60 "$url/threads/$thread")"
fi
