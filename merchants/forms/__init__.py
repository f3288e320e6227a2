"""The merchants' forms; ``cleaned_data`` become the arguments of steps."""
