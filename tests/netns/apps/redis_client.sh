#!/bin/sh
# redis-cli and redis-benchmark: redis_client.sh HOST PORT. Ends with `done`.
ask() { timeout 20 redis-cli -h "$host" -p "$port" "$@"; }
host=$1 port=$2
same() { # same NAME SEEN WANTED
    [ "$2" = "$3" ] || { echo "$1: $2 instead of $3"; exit 1; }
}
same ping "$(ask PING)" PONG
same set "$(head -c 1000000 /dev/zero | tr '\0' x | ask -x SET large)" OK
same length "$(ask STRLEN large)" 1000000
same get "$(ask GET large | tr -d '\n' | wc -c)" 1000000
same many "$(seq 1 5000 | sed 's/^/SET key:/; s/$/ v/' | ask | sort -u)" OK
same blocking "$(ask BLPOP nothing 1)" ''
timeout 60 redis-benchmark -h "$host" -p "$port" -q -n 5000 -c 20 -P 4 -t ping,set,get >/dev/null || { echo 'redis-benchmark failed'; exit 1; }
echo done
