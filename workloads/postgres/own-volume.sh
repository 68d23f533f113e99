# Gives the volume to the server's user. Where all ids are one (a user namespace with a single id),
# chown is refused and not needed; setup.sh then finds out whether the volume can be written.
set -eu
if chown "$HOLDFAST_UID:$HOLDFAST_UID" "$HOLDFAST_MOUNT"; then
  exit 0
fi
if [ ! -d "$HOLDFAST_MOUNT" ]; then
  echo "own-volume: no volume is mounted at $HOLDFAST_MOUNT" >&2
  exit 1
fi
echo "own-volume: the owner of $HOLDFAST_MOUNT stays as it is" >&2
