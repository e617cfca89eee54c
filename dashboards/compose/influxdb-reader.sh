#!/bin/sh
# Run by InfluxDB's image after its first start: a user that may read the bucket
# and nothing else, for Grafana.
set -eu
influx v1 auth create --org "$DOCKER_INFLUXDB_INIT_ORG" --username grafana --password "$GRAFANA_INFLUXDB_PASSWORD" \
	--read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --description "Grafana reads"
