# Sourced by backfill.sh and serve.sh: puts estate, server's file and secrets
# into /data. Everybody is called over MQTT: nobody here takes webhooks. Secrets
# are readable by the server's user only, or it refuses them.
set -eu
umask 077
if [ ! -e /data/estate.yaml ]; then
	made=$(mktemp -d)
	# It writes a whole set of files; the estate is what is wanted here.
	plantroom-sim estate story "$made/story" --influxd /bin/true >/dev/null
	sed 's/{channel: webhook, to: "[^"]*"}, //' "$made/story/estate.yaml" >/data/estate.new
	mv /data/estate.new /data/estate.yaml
	rm -rf "$made"
fi
cp /plantroom/plantroom.yaml /data/plantroom.yaml
printf '%s\n' "$PLANTROOM_VIEWER_TOKEN" >/data/viewer-token
printf '%s\n' "$PLANTROOM_ALERTS_TOKEN" >/data/alerts-token
printf '%s\n' "$MQTT_SERVER_PASSWORD" >/data/mqtt-password
printf '%s\n' "$INFLUXDB_TOKEN" >/data/influxdb-token
