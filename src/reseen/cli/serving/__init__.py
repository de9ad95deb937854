"""Commands around the application: serving it, its users, its audit."""
