# Writes the server's configuration from the ordinal and makes the data directory once. It is made
# under another name and renamed, so that a half-made one is never taken for a database.
set -eu
trap 'exit 143' TERM INT
read -r host </proc/sys/kernel/hostname
ordinal=${host##*-}
case $ordinal in
'' | *[!0-9]*)
  echo "setup: the host name $host does not end in an ordinal" >&2
  exit 1
  ;;
esac
if [ ! -w "$HOLDFAST_MOUNT" ]; then
  echo "setup: uid $(id -u) cannot write to $HOLDFAST_MOUNT; set fixOwnership or give the volume to it" >&2
  exit 1
fi
data=$HOLDFAST_MOUNT/data
role=replica
if [ "$ordinal" -eq "$HOLDFAST_PRIMARY_ORDINAL" ]; then role=primary; fi
{
  cat "$HOLDFAST_MAPS/$role.cnf"
  # Zero is not a server id that replicates.
  echo "server-id = $((100 + ordinal))"
  echo "report-host = $host"
  echo "port = $HOLDFAST_PORT"
  echo "datadir = $data"
  echo "socket = /tmp/mysql.sock"
  echo "pid-file = /tmp/mysql.pid"
} >"$HOLDFAST_CONFIG/server.cnf"
if [ -d "$data" ]; then
  echo "setup: $host keeps its database"
  exit 0
fi
umask 077
new=$HOLDFAST_MOUNT/data.new
rm -rf "$new"
# Every server makes its own users, outside of the binary log: replicas must not get them twice.
users=$HOLDFAST_CONFIG/users.sql
{
  if [ "$HOLDFAST_FLAVOR" = mariadb ]; then echo "FLUSH PRIVILEGES;"; fi
  for user in "'root'@'localhost'" "'admin'@'%'" "'holdfast'@'%'"; do
    echo "CREATE USER IF NOT EXISTS $user;"
    echo "ALTER USER $user IDENTIFIED BY '$HOLDFAST_PASSWORD';"
  done
  echo "GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION;"
  echo "GRANT ALL PRIVILEGES ON *.* TO 'admin'@'%' WITH GRANT OPTION;"
  # Clients have no right to write where the server is read-only.
  echo "GRANT ALL PRIVILEGES ON holdfast.* TO 'holdfast'@'%';"
  echo "GRANT FILE ON *.* TO 'holdfast'@'%';"
} >"$users"
# As little memory as the server itself takes: the limits of its container are those of this one.
pool=--innodb-buffer-pool-size=32M
if [ "$HOLDFAST_FLAVOR" = mariadb ]; then
  if ! mariadb-install-db --no-defaults --datadir="$new" --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve --force "$pool" >/tmp/install.log 2>&1; then
    cat /tmp/install.log >&2
    exit 1
  fi
  mariadbd --no-defaults --datadir="$new" --bootstrap --skip-networking "$pool" <"$users"
else
  # Nothing is flushed before the directory is whole: then at once, before it gets its name.
  set -- --no-defaults --datadir="$new" --secure-file-priv=NULL --log-error-verbosity=1 --performance-schema=OFF \
    --innodb-flush-method=nosync --innodb-doublewrite=OFF --innodb-flush-log-at-trx-commit=0 "$pool"
  mysqld "$@" --initialize-insecure
  mysqld "$@" --skip-networking --mysqlx=OFF --disable-log-bin \
    --socket=/tmp/setup.sock --pid-file=/tmp/setup.pid &
  server=$!
  until mysql --no-defaults -S /tmp/setup.sock -u root -e "SELECT 1" >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.1
  done
  echo "SHUTDOWN;" >>"$users"
  mysql --no-defaults -S /tmp/setup.sock -u root <"$users"
  wait "$server"
fi
rm -f "$users"
# The marker tells this volume from every other for the rest of its life; a volume that has one
# keeps it, also when its database is gone.
marker=$HOLDFAST_MOUNT/holdfast-marker
if [ ! -s "$marker" ]; then
  read -r nonce </proc/sys/kernel/random/uuid
  printf '%s %s\n' "$host" "$nonce" >"$marker.new"
  chmod 0644 "$marker.new"
  mv "$marker.new" "$marker"
fi
sync -f "$HOLDFAST_MOUNT" || sync
mv "$new" "$data"
sync -f "$HOLDFAST_MOUNT" || sync
echo "setup: $host has a new database"
