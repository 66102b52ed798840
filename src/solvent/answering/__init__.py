"""From a question to a booked answer: the story every other room has a part in."""
