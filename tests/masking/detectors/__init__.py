"""The rows of the table of detectors, file by file."""
