# The probe by exec: the server answers itself.
wget -q -O /dev/null "http://127.0.0.1:$HOLDFAST_PORT/cgi-bin/op?ready&-"
