"""How a page is made, for customers and operators alike: who visits, in which language, and what they may see."""
