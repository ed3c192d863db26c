"""The projection: what the store holds, written into InfluxDB as well. Why it is so: docs/decisions/0016."""
