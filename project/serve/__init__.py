"""One command that runs everything: a parent, a web child and the children that do the work behind the pages."""
