"""Batches: files of questions that nobody waits for, asked one by one in the background."""
