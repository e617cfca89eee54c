#!/bin/sh
# Makes the broker's users out of the environment, and runs it. The gateways of
# the demonstration share one password; an estate's must not.
set -eu
umask 077
cp /plantroom/mosquitto.acl /mosquitto/plantroom.acl
rm -f /mosquitto/passwords
mosquitto_passwd -b -c /mosquitto/passwords plantroom "$MQTT_SERVER_PASSWORD"
for gateway in gw-b1 gw-b2 gw-b3 gw-b4; do
	mosquitto_passwd -b /mosquitto/passwords "$gateway" "$MQTT_GATEWAY_PASSWORD"
done
chown mosquitto:mosquitto /mosquitto/passwords /mosquitto/plantroom.acl
exec mosquitto -c /plantroom/mosquitto.conf
