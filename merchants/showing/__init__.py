"""What a case looks like from the merchant's chair: plain values for templates."""
