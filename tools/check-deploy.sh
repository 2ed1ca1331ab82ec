#!/usr/bin/env bash
# Gives what is in deploy/, and the manual, to the programs that will read it: `tools/check-deploy.sh`. For CI, after `npm test`, which
# holds the same files against schemas. promtool is taken from PATH, else from Debian's package, which is only unpacked.
set -euo pipefail
cd "$(dirname "$0")/../deploy"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
  chmod 755 "$scratch" # apt fetches as a user of its own
  (cd "$scratch" && { apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; }; }) >/dev/null
  dpkg -x "$scratch"/prometheus_*.deb "$scratch/prometheus"
  promtool=$scratch/prometheus/usr/bin/promtool
fi
"$promtool" check config prometheus/prometheus.yml
"$promtool" check rules prometheus/alerts.yml
"$promtool" test rules prometheus/alerts.test.yml

# The manual, as its readers have it: mandoc where it is, else groff.
man=../man/threadmill.1
if command -v mandoc >/dev/null; then
  mandoc -T lint -W warning "$man"
  echo "manual OK (mandoc)"
elif command -v groff >/dev/null; then
  said=$(groff -man -ww -z "$man" 2>&1)
  if [ -n "$said" ]; then echo "$said" >&2; exit 1; fi
  echo "manual OK (groff)"
else
  echo "manual not checked: neither mandoc nor groff here" >&2
fi

# The unit names a program and a user that this machine need not have.
if command -v systemd-analyze >/dev/null; then
  sed -e 's|^ExecStart=/usr/local/bin/threadmill |ExecStart=/bin/echo |' -e 's|^User=.*|User=root|' \
    systemd/threadmill-worker.service >"$scratch/threadmill-worker.service"
  said=$(systemd-analyze verify "$scratch/threadmill-worker.service" 2>&1) || { echo "$said" >&2; exit 1; }
  if [ -n "$said" ]; then echo "$said" >&2; exit 1; fi
  echo "systemd unit OK"
else
  echo "systemd unit not checked: no systemd-analyze here" >&2
fi

if docker compose version >/dev/null 2>&1; then
  docker compose --file ../docker-compose.yml --profile monitoring config --quiet
  echo "docker-compose.yml OK"
else
  echo "docker-compose.yml not checked by docker itself: no docker compose here" >&2
fi
