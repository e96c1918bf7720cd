#!/bin/sh
# A PostgreSQL server in a folder of its own: postgresql_server.sh BIN FOLDER PORT CERTIFICATE KEY. Makes its cluster the first
# time. Trusts everybody; nothing of it outlives the test, so nothing is synced.
bin=$1 folder=$2 port=$3 certificate=$4 key=$5
data=$folder/data
if [ ! -e "$data/PG_VERSION" ]; then
    "$bin/initdb" -D "$data" -U corpus -A trust -N -E UTF8 --locale=C >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log"; exit 1; }
    printf '%s\n' 'host all all 0.0.0.0/0 trust' 'host all all ::0/0 trust' >>"$data/pg_hba.conf"
    cp "$certificate" "$data/server.crt" && cp "$key" "$data/server.key" && chmod 600 "$data/server.key" || exit 1
fi
rm -f "$data/postmaster.pid" # of one that was killed
exec "$bin/postgres" -D "$data" -p "$port" -c listen_addresses='*' -c unix_socket_directories= -c ssl=on -c fsync=off \
    -c shared_memory_type=mmap -c dynamic_shared_memory_type=mmap -c shared_buffers=16MB -c max_connections=40
