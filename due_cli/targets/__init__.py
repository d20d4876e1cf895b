"""Where events live and are queried: a folder on this machine, or an AWS account."""
