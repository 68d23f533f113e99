# Ready when the server answers and, on a replica, both replication threads run.
export MYSQL_PWD="$HOLDFAST_PASSWORD"
read -r host </proc/sys/kernel/hostname
[ -e "$HOLDFAST_CONFIG/follows" ] || exit 1
if [ "$HOLDFAST_FLAVOR" = mariadb ]; then client=mariadb; else client=mysql; fi
query="SELECT 1"
if [ "${host##*-}" -ne "$HOLDFAST_PRIMARY_ORDINAL" ]; then
  if [ "$HOLDFAST_FLAVOR" = mariadb ]; then
    query="SHOW SLAVE STATUS\G"
  else
    query="SHOW REPLICA STATUS\G"
  fi
fi
answer=$("$client" --no-defaults -S /tmp/mysql.sock -u root --connect-timeout=3 -e "$query") || exit 1
case $answer in
*_IO_Running:*) ;;
*) exit 0 ;;
esac
case $answer in *_IO_Running:\ Yes*) ;; *) exit 1 ;; esac
case $answer in *_SQL_Running:\ Yes*) exit 0 ;; esac
exit 1
