"""Labels that are published apart from the pictures: attributes, joints, lists."""
