#!/bin/sh
# The server of dashboards/compose.yaml.
. /plantroom/files.sh
exec plantroom serve /data/plantroom.yaml
