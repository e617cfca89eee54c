#!/bin/sh
# HOOK for the demonstration's data: fills the server's store and InfluxDB with
# the day that has just passed, once. Everything that it needs is in
# /data/plantroom.yaml; the server does not run meanwhile.
. /plantroom/files.sh
[ ! -e /data/backfilled ] || exit 0
plantroom-sim backfill /data/plantroom.yaml --for 24h
: >/data/backfilled
