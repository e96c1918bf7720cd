#!/bin/sh
# psql and pgbench against one server: postgresql_client.sh BIN HOST PORT. Ends with `done`.
bin=$1
export PGHOST=$2 PGPORT=$3 PGUSER=corpus PGDATABASE=postgres PGCONNECT_TIMEOUT=20 PSQLRC=/dev/null
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
ask() { timeout 60 "$bin/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }
same() { # same NAME SEEN WANTED
    [ "$2" = "$3" ] || { echo "$1: $2 instead of $3"; exit 1; }
}
state() { ask -c "select count(*) from pg_stat_activity where state = 'active' and query = '$1'"; }

# The first begins with the startup message, the second with an SSLRequest and goes on with TLS inside the same connection.
for PGSSLMODE in disable require; do
    export PGSSLMODE
    same "select, $PGSSLMODE" "$(ask -c 'select 40 + 2')" 42
    same "answer of 20 MB, $PGSSLMODE" "$(ask -c "select repeat(md5(i::text), 32) from generate_series(1, 20000) i" | wc -c)" 20500000
    { printf "select length('"; head -c 5000000 /dev/zero | tr '\0' x; echo "')"; } >large.sql
    same "query of 5 MB, $PGSSLMODE" "$(ask -f large.sql)" 5000000
done

export PGSSLMODE=disable
ask -c 'drop table if exists copied' -c 'create table copied (id int, text text)' 2>/dev/null
seq 1 200000 | sed 's/.*/&\tline &/' >copied.in
ask -c '\copy copied from copied.in'
ask -c '\copy (select * from copied order by id) to copied.out'
cmp copied.in copied.out || { echo 'COPY came back changed'; exit 1; }

# A query is cancelled over a connection of its own, which says nothing but that.
"$bin/psql" -XAtq -c 'select pg_sleep(60)' >cancelled 2>&1 &
for _ in $(seq 600); do [ "$(state 'select pg_sleep(60)')" = 1 ] && break; sleep 0.1; done
kill -INT $!
wait $!
grep -q 'canceling statement due to user request' cancelled || { echo "cancel: $(cat cancelled)"; exit 1; }

if [ -x "$bin/pgbench" ]; then
    timeout 60 "$bin/pgbench" -q -i -s 1 postgres >pgbench 2>&1 && timeout 60 "$bin/pgbench" -c 8 -t 50 -M prepared postgres >>pgbench 2>&1 || { echo "pgbench: $(cat pgbench)"; exit 1; }
fi
echo done
