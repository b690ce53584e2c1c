"""What the owners of sources promise: held against the project, against the source as it is, and against what it was."""
