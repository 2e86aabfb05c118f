"""Changes to what this app keeps: each keeps several rows true together and is logged."""
