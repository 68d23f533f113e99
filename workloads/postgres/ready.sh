# Ready when the server takes connections, which a standby does once it is consistent.
for dir in /usr/lib/postgresql/*/bin "$HOLDFAST_BIN"; do
  if [ -x "$dir/pg_isready" ]; then PATH=$dir:$PATH; fi
done
exec pg_isready -q -h 127.0.0.1 -p "$HOLDFAST_PORT" -U postgres -d postgres
