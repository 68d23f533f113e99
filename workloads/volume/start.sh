# Serves the volume over HTTP and keeps the witness file: a line when this incarnation begins, one
# each half second, one when it stops. Needs nothing but busybox.
set -eu
read -r host </proc/sys/kernel/hostname
mount=$HOLDFAST_MOUNT
mkdir -p "$mount/keys"
# The marker tells this volume from every other for the rest of its life.
if [ ! -s "$mount/holdfast-marker" ]; then
  read -r nonce </proc/sys/kernel/random/uuid
  echo "$host $nonce" >"$mount/marker.new"
  sync "$mount/marker.new"
  mv "$mount/marker.new" "$mount/holdfast-marker"
fi
sync "$mount" "$mount/keys"
# Wall time without a process for each line: seconds since boot on top of when that was.
now=$(date +%s)
read -r up rest </proc/uptime
boot=$((now - ${up%%.*}))
counter=0
# witness EVENT: EVENT POD UID NODE COUNTER WALL.
witness() {
  read -r up rest </proc/uptime
  echo "$1 $host $HOLDFAST_POD_UID $HOLDFAST_NODE $counter $((boot + ${up%%.*})).${up##*.}" >>"$mount/witness"
  counter=$((counter + 1))
}
witness start
sync "$mount/witness" "$mount"
stopping=
trap 'stopping=1' TERM INT
httpd -f -p "$HOLDFAST_PORT" -h /holdfast/www &
server=$!
while [ -z "$stopping" ]; do
  sleep 0.5 &
  wait $! || :
  kill -0 "$server" 2>/dev/null || break
  [ -n "$stopping" ] || witness beat
done
if [ -z "$stopping" ]; then
  echo "start: the web server has ended" >&2
  exit 1
fi
kill "$server" || :
witness stop
sync "$mount/witness"
