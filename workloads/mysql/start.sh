# Runs the server, points a replica at the source once it answers, and turns a stop request into a
# clean shutdown.
set -eu
read -r host </proc/sys/kernel/hostname
if [ "$HOLDFAST_FLAVOR" = mariadb ]; then
  server_program=mariadbd
  client_program=mariadb
else
  server_program=mysqld
  client_program=mysql
fi
export MYSQL_PWD="$HOLDFAST_PASSWORD"
sql() {
  "$client_program" --no-defaults -S /tmp/mysql.sock -u root -N -B -e "$1"
}
server=
stopping=
trap 'stopping=1; if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null || :; fi' TERM INT
"$server_program" --defaults-file="$HOLDFAST_CONFIG/server.cnf" &
server=$!
if [ -n "$stopping" ]; then kill -TERM "$server" || :; fi
rm -f "$HOLDFAST_CONFIG/follows"
until sql "SELECT 1" >/dev/null 2>&1; do
  kill -0 "$server" 2>/dev/null || { wait "$server"; exit $?; }
  sleep 0.1
done
if [ "${host##*-}" -ne "$HOLDFAST_PRIMARY_ORDINAL" ]; then
  # Repeated at each start: the source may have moved to another address or port. It may also be away
  # for long: from 8.4 on a replica gives up after ten tries unless it is told not to.
  if [ "$HOLDFAST_FLAVOR" = mariadb ]; then
    sql "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='$HOLDFAST_PRIMARY', MASTER_PORT=$HOLDFAST_PRIMARY_PORT,
         MASTER_USER='admin', MASTER_PASSWORD='$HOLDFAST_PASSWORD', MASTER_USE_GTID=slave_pos,
         MASTER_CONNECT_RETRY=1; START SLAVE"
  else
    sql "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HOST='$HOLDFAST_PRIMARY',
         SOURCE_PORT=$HOLDFAST_PRIMARY_PORT, SOURCE_USER='admin', SOURCE_PASSWORD='$HOLDFAST_PASSWORD',
         SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=0, GET_SOURCE_PUBLIC_KEY=1; START REPLICA"
  fi
fi
: >"$HOLDFAST_CONFIG/follows"
# A trapped signal ends `wait` before the server has ended.
while :; do
  code=0
  wait "$server" || code=$?
  kill -0 "$server" 2>/dev/null || exit "$code"
done
