"""What is done so that data can be relied upon: incidents, found before those who read the data find them."""
