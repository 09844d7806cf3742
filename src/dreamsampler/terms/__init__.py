"""Regularisers of the clean estimate, one a file: text, data consistency, ..."""
