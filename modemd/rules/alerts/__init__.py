"""Alerts of monitoring systems: `alert_group` reads what Alertmanager and Grafana post, `wording` makes a text of it."""
