"""What people find out by themselves: statements in SQL within their scope, dashboards of their own, notes on days."""
