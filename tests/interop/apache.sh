#!/bin/sh
# Our client of HTTP's Negotiate against Apache with mod_auth_gssapi: apache.sh PROGRAM, run in the environment of the KDC
# that PROGRAM --with starts: `PROGRAM --with sh apache.sh PROGRAM`. Only alice may read the page, which it prints.
set -eu
program=$1
kdc=$(dirname "$KRB5_CONFIG")
port=$(sed -n 's/.*kdc = 127.0.0.1:\([0-9]*\).*/\1/p' "$KRB5_CONFIG")
dir=$(mktemp -d)
stop() {
  [ ! -f "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null || true
  sleep 0.2
  rm -rf "$dir"
}
trap stop EXIT
mkdir "$dir/pages"
echo "hello alice@EXAMPLE.ORG" >"$dir/pages/index.html"
cp "$kdc/http.keytab" "$KRB5_CONFIG" "$dir"
chmod 755 "$dir" "$dir/pages"
chmod 644 "$dir"/http.keytab "$dir"/krb5.conf "$dir"/pages/index.html
export KRB5_CONFIG="$dir/krb5.conf"
unset KRB5CCNAME
number=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
modules=/usr/lib/apache2/modules
{
  cat <<C
ServerRoot $dir
ServerName localhost
Listen 127.0.0.1:$number
PidFile $dir/pid
DefaultRuntimeDir $dir
Mutex file:$dir default
ErrorLog $dir/log
User www-data
Group www-data
StartServers 1
ServerLimit 1
ThreadsPerChild 4
MaxRequestWorkers 4
DocumentRoot $dir/pages
C
  for m in mpm_event authn_core authz_core authz_user auth_gssapi mime dir; do
    echo "LoadModule ${m}_module $modules/mod_$m.so"
  done
  cat <<C
TypesConfig /etc/mime.types
DirectoryIndex index.html
<Location />
  AuthType GSSAPI
  AuthName "test"
  GssapiCredStore keytab:$dir/http.keytab
  Require user alice@EXAMPLE.ORG
</Location>
C
} >"$dir/apache.conf"
if [ "$(id -u)" != 0 ]; then sed -i '/^User /d; /^Group /d' "$dir/apache.conf"; fi
/usr/sbin/apache2 -f "$dir/apache.conf" || { cat "$dir/log"; exit 1; }
tries=0
until python3 -c "import socket; socket.create_connection(('127.0.0.1', $number))" 2>/dev/null; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] || { cat "$dir/log"; exit 1; }
  sleep 0.1
done
PASSWORD=wonderland "$program" --get "http://localhost:$number/" 127.0.0.1 "$port" alice@EXAMPLE.ORG ||
  { cat "$dir/log"; exit 1; }
