# Runs the server by ordinal and turns a stop request into a fast shutdown. TERM comes from most
# container runtimes, INT where the image's STOPSIGNAL says so.
set -eu
for dir in /usr/lib/postgresql/*/bin "$HOLDFAST_BIN"; do
  if [ -x "$dir/postgres" ]; then PATH=$dir:$PATH; fi
done
read -r host </proc/sys/kernel/hostname
# A volume's fsGroup may have opened the directory to the group, which the server refuses.
chmod 0700 "$PGDATA" || :
# Left by a killed container. It names a process of another pid namespace, which says nothing here.
rm -f "$PGDATA/postmaster.pid"
set -- postgres -D "$PGDATA" \
  -c "listen_addresses=*" \
  -c "port=$HOLDFAST_PORT" \
  -c "unix_socket_directories=/tmp" \
  -c "log_destination=stderr" \
  -c "logging_collector=off" \
  -c "fsync=on" \
  -c "synchronous_commit=$HOLDFAST_COMMIT" \
  -c "shared_buffers=32MB" \
  -c "max_connections=600" \
  -c "hot_standby=on" \
  -c "max_wal_size=256MB" \
  -c "wal_keep_size=512MB" \
  -c "wal_sender_timeout=10s" \
  -c "wal_receiver_timeout=10s" \
  -c "wal_retrieve_retry_interval=500ms" \
  -c "autovacuum_max_workers=1"
if [ "$HOLDFAST_TOPOLOGY" = independent ]; then
  rm -f "$PGDATA/standby.signal"
elif [ "${host##*-}" -eq "$HOLDFAST_PRIMARY_ORDINAL" ]; then
  rm -f "$PGDATA/standby.signal"
  set -- "$@" -c "synchronous_standby_names=$HOLDFAST_SYNCHRONOUS"
else
  # The password is not here: the WAL receiver takes it from PGPASSWORD.
  : >"$PGDATA/standby.signal"
  set -- "$@" -c "primary_conninfo=host=$HOLDFAST_PRIMARY port=$HOLDFAST_PRIMARY_PORT user=postgres \
application_name=$host connect_timeout=5"
fi
server=
stopping=
# A stop request may come before the server is there.
trap 'stopping=1; if [ -n "$server" ]; then kill -INT "$server" 2>/dev/null || :; fi' TERM INT
"$@" &
server=$!
if [ -n "$stopping" ]; then kill -INT "$server" || :; fi
# A trapped signal ends `wait` before the server has ended.
while :; do
  code=0
  wait "$server" || code=$?
  kill -0 "$server" 2>/dev/null || exit "$code"
done
