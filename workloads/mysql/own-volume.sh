# Gives the volumes to the server's user. Where all ids are one (a user namespace with a single id),
# chown is refused and not needed; setup.sh then finds out whether the volume can be written.
set -eu
for folder in "$HOLDFAST_MOUNT" "$HOLDFAST_CONFIG"; do
  if chown "$HOLDFAST_UID:$HOLDFAST_UID" "$folder"; then continue; fi
  if [ ! -d "$folder" ]; then
    echo "own-volume: no volume is mounted at $folder" >&2
    exit 1
  fi
  echo "own-volume: the owner of $folder stays as it is" >&2
done
