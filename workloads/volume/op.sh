#!/bin/sh
# One request: OPERATION&POD&KEY&WINDOW as the query. An answer ends with the line "end", so that a
# cut one is known. Status 4xx: nothing was done. Status 5xx: nobody knows.
read -r host </proc/sys/kernel/hostname
mount=$HOLDFAST_MOUNT
set -f
IFS='&'
# shellcheck disable=SC2086
set -- $QUERY_STRING
unset IFS
op=$1 pod=$2 key=$3 window=$4

refuse() {
  printf 'Status: %s\r\nContent-Type: text/plain\r\n\r\nrefused %s\nend\n' "$1" "$2"
  exit 0
}
answer() {
  printf 'Content-Type: text/plain\r\n\r\nfrom %s %s\n' "$host" "$HOLDFAST_POD_UID"
}

# An address may have gone to another pod since the client looked it up.
# Its host name is what a probe looks at, so it decides nothing here.
[ "$pod" = "${HOLDFAST_POD:-$host}" ] || [ "$pod" = - ] || refuse 421 "this is ${HOLDFAST_POD:-$host}"
case $key in
*[!a-z0-9.-]*) refuse 400 "key" ;;
esac
file=$mount/keys/$key

case $op in
add)
  [ -n "$key" ] || refuse 400 "key"
  IFS= read -r block || refuse 400 "no block"
  # Opened alone first: what cannot be opened was not written.
  # Not ":": an error of a special builtin would end the shell.
  true >>"$file" 2>/dev/null || refuse 403 "cannot open $file"
  # A newline on both sides: a torn block before does not swallow this one.
  if printf '\n%s\n' "$block" >>"$file" 2>/dev/null && sync "$file" "$mount/keys" 2>/dev/null; then
    answer
  else
    printf 'Status: 500\r\nContent-Type: text/plain\r\n\r\nnot known to be on disk\n'
  fi
  ;;
read)
  answer
  if [ ! -e "$file" ]; then
    :
  elif [ "${window:-0}" -gt 0 ]; then
    tail -n $((2 * window)) "$file"
  else
    cat "$file"
  fi
  ;;
position)
  answer
  set +f
  cat "$mount"/keys/* 2>/dev/null | wc -c
  ;;
witness)
  answer
  cat "$mount/witness"
  ;;
probe)
  answer
  echo "== hosts"
  cat /etc/hosts
  echo "== mountinfo"
  cat /proc/self/mountinfo
  echo "== marker"
  cat "$mount/holdfast-marker"
  echo "== mount"
  echo "$mount"
  echo "== files"
  stat -c '%n %u %g %a %d' / "$mount" "$mount/keys" "$mount/witness"
  echo "== free"
  df -Pk "$mount"
  ;;
names)
  answer
  # The cluster's domain: the second search domain is svc.DOMAIN.
  domain=
  while read -r word list; do
    [ "$word" = search ] || continue
    for entry in $list; do
      case $entry in svc.*) domain=$entry ;; esac
    done
  done </etc/resolv.conf
  if [ -n "$domain" ]; then
    shift 2
    for name in "$@"; do
      echo "== $name.$HOLDFAST_NAMESPACE.$domain"
      nslookup "$name.$HOLDFAST_NAMESPACE.$domain" 2>&1
    done
  fi
  ;;
ready)
  [ -s "$mount/holdfast-marker" ] || refuse 503 "no marker"
  answer
  ;;
*)
  refuse 400 "operation"
  ;;
esac
echo end
