# Makes the data directory once: the primary and independent servers by initdb, every other one as a
# copy of the primary. It is made under another name and renamed, so that a half-made one is never taken for a database.
set -eu
# One syncfs for a thousand files: PostgreSQL's own programs sync them one by one.
flush() {
  sync -f "$HOLDFAST_MOUNT" || sync
}
trap 'exit 143' TERM INT
for dir in /usr/lib/postgresql/*/bin "$HOLDFAST_BIN"; do
  if [ -x "$dir/postgres" ]; then PATH=$dir:$PATH; fi
done
read -r host </proc/sys/kernel/hostname
ordinal=${host##*-}
case $ordinal in
'' | *[!0-9]*)
  echo "setup: the host name $host does not end in an ordinal" >&2
  exit 1
  ;;
esac
if [ -s "$PGDATA/PG_VERSION" ]; then
  echo "setup: $host keeps its database"
  exit 0
fi
if [ ! -w "$HOLDFAST_MOUNT" ]; then
  echo "setup: uid $(id -u) cannot write to $HOLDFAST_MOUNT; set fixOwnership or give the volume to it" >&2
  exit 1
fi
umask 077
new=$PGDATA.new
rm -rf "$new"
if [ "$ordinal" -eq "$HOLDFAST_PRIMARY_ORDINAL" ] || [ "$HOLDFAST_TOPOLOGY" = independent ]; then
  if ! id -un >/dev/null 2>&1; then
    known=$(id -u postgres 2>/dev/null || echo "70 in alpine images")
    echo "setup: the image has no user with the uid $(id -u), without which initdb does not run; set the parameter uid to that of its user postgres ($known)" >&2
    exit 1
  fi
  printf '%s\n' "$PGPASSWORD" |
    initdb -D "$new" -U postgres --locale=C --encoding=UTF8 --data-checksums \
      --no-sync --auth=scram-sha-256 --pwfile=/proc/self/fd/0
  printf 'host %s all all scram-sha-256\n' all replication >>"$new/pg_hba.conf"
else
  tries=60
  until PGCONNECT_TIMEOUT=5 pg_basebackup -h "$HOLDFAST_PRIMARY" -p "$HOLDFAST_PRIMARY_PORT" -U postgres \
    -D "$new" --wal-method=stream --checkpoint=fast --no-sync --no-password; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "setup: $HOLDFAST_PRIMARY could not be copied" >&2
      exit 1
    fi
    rm -rf "$new"
    sleep 1
  done
fi
# The marker tells this volume from every other for the rest of its life; a volume that has one
# keeps it, also when its database is gone.
marker=$HOLDFAST_MOUNT/holdfast-marker
if [ ! -s "$marker" ]; then
  read -r nonce </proc/sys/kernel/random/uuid
  printf '%s %s\n' "$host" "$nonce" >"$marker.new"
  mv "$marker.new" "$marker"
fi
# Refuses a directory that holds something else; mv would move into it.
if [ -d "$PGDATA" ]; then rmdir "$PGDATA"; fi
flush
mv "$new" "$PGDATA"
flush
echo "setup: $host has a new database"
