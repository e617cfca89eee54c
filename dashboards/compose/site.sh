#!/bin/sh
# The demonstration's devices, gateways and contractors, from where the past ends.
# Its own /data has the gateways' spools; the server's is at /server, to be read.
set -eu
umask 077
printf '%s\n' "$MQTT_GATEWAY_PASSWORD" >/data/mqtt-password
exec plantroom-sim site --broker tcp://mosquitto:1883 --password-file /data/mqtt-password \
	--server http://plantroom:8080 --token-file /server/store/secrets/operator-token --dir /data --health 9101
