"""Dashboards as one page that needs no network, and as a picture."""
