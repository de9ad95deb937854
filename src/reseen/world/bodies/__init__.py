"""Human bodies without clothes: their shapes, bones, landmarks and poses."""
