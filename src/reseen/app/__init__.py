"""The application: people who search find persons in a gallery, see why, and stay in control of what is kept."""
