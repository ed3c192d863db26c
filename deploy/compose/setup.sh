# Runs in the container `setup` before the others. Makes what is missing and gives each secret to the user that reads it.
set -eu
umask 077
secrets=/run/labwire

labwire broker prepare --config /etc/labwire/broker.toml

for name in influxdb-password influxdb-token grafana-password; do
    [ -s "$secrets/$name" ] || python -c 'import secrets; print(secrets.token_urlsafe(24))' >"$secrets/$name"
done

for reader in logger grafana; do
    cp "$secrets/influxdb-token" "$secrets/$reader-influx-token"
done

if [ ! -s "$secrets/tokens.toml" ]; then
    labwire bridge token add operator --role operator --file "$secrets/tokens.toml"
fi

if [ ! -e /var/lib/labwire/calibration/lab.toml ]; then
    labwire cal init --dir /var/lib/labwire/calibration
fi

chown -R 1883:1883 /var/lib/labwire/mosquitto    # eclipse-mosquitto
chown -R 10001:10001 "$secrets"                  # labwire's own services
chown -R 10001:10001 /var/lib/labwire/calibration
chown 1000:1000 "$secrets"/influxdb-*            # influxdb
chown 472:0 "$secrets"/grafana-*                 # grafana
chmod 711 "$secrets"
