#!/bin/sh
# The demonstration's data: gives the server's store and InfluxDB some weeks of
# the story's past, once. The server does not run meanwhile.
. /plantroom/files.sh
exec plantroom-sim backfill /data/plantroom.yaml --once
