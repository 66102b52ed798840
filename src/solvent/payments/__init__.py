"""Payment processors: what moves money between customers and us, behind one port."""
