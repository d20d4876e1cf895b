"""From files to normalised batches: reading inputs, cutting them into blocks, and the work of one block."""
