"""The buyers' pages: urls, views and forms over the shared domain."""
