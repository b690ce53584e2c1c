"""Giving data out: queries through the gate, dashboards."""
