"""Runs of the jobs of a project: started when something is due, one run of a job at a time; leases."""
