"""What people keep on dashboards: saved views and annotations of days."""
