#!/bin/sh
# Has curl or Chromium get a page of examples/http_negotiate, or its client one of Apache: browser.sh CLIENT PROGRAM.
# `requests` sends requests that could mislead the server. Status 77: there is no such program.
set -eu
client=$1
program=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
if [ "$client" = requests ]; then
  command -v curl >/dev/null 2>&1 || { echo "skipped: no curl"; exit 77; }
  here=$(cd "$(dirname "$0")" && pwd)
  exec "$program" --with python3 "$here/http_requests.py" URL
fi
if [ "$client" = apache ]; then
  [ -f /usr/lib/apache2/modules/mod_auth_gssapi.so ] && [ -x /usr/sbin/apache2 ] ||
    { echo "skipped: no Apache with mod_auth_gssapi"; exit 77; }
  here=$(cd "$(dirname "$0")" && pwd)
  exec "$program" --with sh "$here/apache.sh" "$program"
fi
command -v "$client" >/dev/null 2>&1 || { echo "skipped: no $client"; exit 77; }
[ "$client" != curl ] || exec "$program" --with curl -sS --negotiate -u : URL

# Chromium loads a library of GSS-API only in a process without a sandbox, and starts one only if it has seen Negotiate
# before: that is remembered in its profile.
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
echo '{"net": {"received_http_auth_negotiate_headers": true}}' >"$profile/Local State"
"$program" --with chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$profile" \
  --auth-server-allowlist=localhost --dump-dom URL
