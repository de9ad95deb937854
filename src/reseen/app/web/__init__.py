"""Between the browser and the rooms: who may come in, what may be sent, and how pages and errors are written."""
