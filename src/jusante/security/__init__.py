"""Who may see what: personal data found at the door."""
