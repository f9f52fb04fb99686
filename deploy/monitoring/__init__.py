"""What is watched of a running system: objectives, alerts and dashboards, written into the chart's files."""
