"""Ways to tell people: on the console, into a file, to a webhook."""
