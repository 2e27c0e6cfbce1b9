"""Estimands on official statistics, seizures, indices and articles: one module a subject, found by the register's names."""
