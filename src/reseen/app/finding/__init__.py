"""What people look for: searches and their records, filters and their counts, and why two pictures are near."""
