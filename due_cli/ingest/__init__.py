"""From files to batches of rows: finding inputs, splitting them into chunks, reading the records of a block."""
