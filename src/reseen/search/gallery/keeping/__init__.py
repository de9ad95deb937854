"""How rows are kept: a folder of tables, what each explains about itself, and what lies beside them."""
