# Runs in the container `demo`: simulated instruments behind pseudo-terminals, and the edge that reads them.
set -eu
lines=/tmp/lines
mkdir -p "$lines"
labwire edge simulate mt-sics:balance1 namur:stirrer1 vibration:vib1 --dir "$lines" &
exec labwire edge run --config /etc/labwire/edge.toml
