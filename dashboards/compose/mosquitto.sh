#!/bin/sh
# Makes the broker's users out of the environment, and runs it. The gateways of
# the demonstration, and whoever plays its contractors, share one password; an
# estate's must not.
set -eu
umask 077
cat /plantroom/mosquitto.acl /plantroom/contractors.acl >/mosquitto/plantroom.acl
rm -f /mosquitto/passwords
mosquitto_passwd -b -c /mosquitto/passwords plantroom "$MQTT_SERVER_PASSWORD"
for user in gw-b1 gw-b2 gw-b3 gw-b4 contractors; do
	mosquitto_passwd -b /mosquitto/passwords "$user" "$MQTT_GATEWAY_PASSWORD"
done
chown mosquitto:mosquitto /mosquitto/passwords /mosquitto/plantroom.acl
exec mosquitto -c /plantroom/mosquitto.conf
