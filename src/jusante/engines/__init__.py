"""Adapters to what runs queries."""
