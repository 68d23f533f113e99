# Ready when the server answers and, on a replica, neither replication thread has stopped.
export MYSQL_PWD="$HOLDFAST_PASSWORD"
read -r host </proc/sys/kernel/hostname
[ -e "$HOLDFAST_CONFIG/follows" ] || exit 1
if [ "$HOLDFAST_FLAVOR" = mariadb ]; then client=mariadb; else client=mysql; fi
query="SELECT 1"
if [ "${host##*-}" -ne "$HOLDFAST_PRIMARY_ORDINAL" ]; then
  if [ "$HOLDFAST_FLAVOR" = mariadb ]; then
    query="SHOW SLAVE STATUS"
  else
    query="SHOW REPLICA STATUS"
  fi
fi
# Vertical by option: clients from 9.6 on refuse commands such as \G unless they are allowed.
answer=$("$client" --no-defaults --vertical -S /tmp/mysql.sock -u root --connect-timeout=3 -e "$query") || exit 1
# A replica whose source is away goes on serving what it has.
case $answer in
*_IO_Running:\ No*) exit 1 ;;
*_SQL_Running:\ No*) exit 1 ;;
esac
exit 0
