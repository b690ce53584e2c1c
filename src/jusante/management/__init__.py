"""Work tables (`storage/`), checks (`quality/`): data management."""
