"""From the bytes of an SVG file to filled cubic contours."""
