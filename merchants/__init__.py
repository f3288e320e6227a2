"""The merchants' pages: urls, views and forms over the shared domain."""
