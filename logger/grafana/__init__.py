"""Grafana dashboards of what the InfluxDB projection writes: built here, provisioned from deploy/grafana."""
