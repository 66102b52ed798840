"""What providers bill, beside what our books say that their answers cost."""
