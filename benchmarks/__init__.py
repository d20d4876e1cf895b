"""What ``make bench`` measures: due against a reference in the same run, as one Markdown table."""
