"""How surfaces become pixels: meshes, rasteriser, shading, lens and sensor."""
