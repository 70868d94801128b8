# Makes a PostgreSQL cluster in a new directory, runs a server on it, says where, and ends the server when the input ends:
# that is when whoever started it does, however that happens.
#
#   sh server.sh FOLDER-OF-PROGRAMS PORT
#
# Each line of input is a signal by which the server ends, where there is one, and is started; then it is said where.
trap '' INT HUP
set -e
umask 077
home=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-postgres-XXXXXX")
cd "$home"
"$1/initdb" -D data -U rollcall -A trust -E UTF8 --no-locale --no-sync >log 2>&1 || { cat log >&2; exit 1; }
cat >tls.conf <<END
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost
basicConstraints = critical, CA:FALSE
END
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -config tls.conf -keyout data/server.key -out server.crt >>log 2>&1
cp server.crt data/server.crt
echo "host all locked 127.0.0.1/32 scram-sha-256" >data/pg_hba.conf
echo "host all all 127.0.0.1/32 trust" >>data/pg_hba.conf
echo "local all all trust" >>data/pg_hba.conf
start() {
  "$1/postgres" -D data -k "$home" -p "$2" -c listen_addresses=127.0.0.1 -c ssl=on -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB </dev/null >>log 2>&1 &
  server=$!
  tries=0
  until "$1/pg_isready" -q -h "$home" -p "$2"; do
    kill -0 $server 2>/dev/null || { cat log >&2; exit 1; }
    tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1
    sleep 0.1
  done
  echo "$home"
}
server=
while read -r signal; do
  [ -z "$server" ] || { kill "-$signal" "$server" && wait "$server" || true; } 2>/dev/null
  start "$1" "$2"
done
[ -z "$server" ] || { kill -QUIT "$server" && wait "$server" || true; } 2>/dev/null
cd /
rm -rf "$home"
