"""What is compiled: a statement and data become the flat tables that the kernel walks through."""
