"""Who the persons are: their labels, colours and clothes, drawn from a seed."""
