"""Text of a message: alphabets, packing into septets, transliteration, and segmentation."""
