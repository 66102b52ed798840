"""What is done about what guards find, in questions and in answers."""
